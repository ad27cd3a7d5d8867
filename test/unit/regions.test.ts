import { chinaCloud, publicCloud, usGovCloud } from '../../src/common/cloud.ts'
import { MULTI_SERVICE_AUTHENTICATION, regionWarnings, TOKEN_EXCHANGE } from '../../src/common/regions.ts'

test('fifteen regions are documented for the exchange, and six more for multi-service keys', () => {
  expect([TOKEN_EXCHANGE.size, MULTI_SERVICE_AUTHENTICATION.size]).toEqual([15, 21])
  expect([...MULTI_SERVICE_AUTHENTICATION].filter((region) => !TOKEN_EXCHANGE.has(region))).toEqual([
    'francecentral',
    'koreacentral',
    'northcentralus',
    'southafricanorth',
    'uaenorth',
    'switzerlandnorth',
  ])
  expect([...TOKEN_EXCHANGE].filter((region) => !MULTI_SERVICE_AUTHENTICATION.has(region))).toEqual([])
})

const [exchange, multi] = ['token_exchange_not_documented', 'multi_service_not_documented']

test.each<[kind: string, region: string, warnings: (string | undefined)[], why: string]>([
  ['SpeechServices', 'westus2', [], 'it is on the list'],
  ['SpeechServices', 'West US 2', [], 'names are compared without blanks and case'],
  ['SpeechServices', 'japanwest', [exchange], 'it is not on the list'],
  ['speechservices', 'Japan West', [exchange], 'neither kinds nor regions have a case'],
  ['TextTranslation', 'swedencentral', [exchange], 'it is not on the list'],
  ['TextTranslation', 'global', [], 'global is no region: its token service is documented'],
  ['CognitiveServices', 'francecentral', [exchange], 'it is on the list of multi-service keys alone'],
  ['CognitiveServices', 'eastus', [], 'it is on both lists'],
  ['AIServices', 'swedencentral', [exchange, multi], 'it is on neither list'],
  ['ComputerVision', 'swedencentral', [], 'its keys are not exchanged'],
  ['SpeechServices', '', [], 'nobody knows where it is'],
])('%s in %j: %j, since %s', (kind, region, warnings) => {
  expect(regionWarnings(publicCloud, { kind, region })).toEqual(warnings)
})

test.each([usGovCloud, chinaCloud])('of $name nothing is said: the lists are the public cloud’s', (cloud) => {
  expect(regionWarnings(cloud, { kind: 'AIServices', region: 'japanwest' })).toEqual([])
})
