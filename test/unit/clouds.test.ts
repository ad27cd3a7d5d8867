import {
  type Cloud,
  chinaCloud,
  isVaultUrl,
  publicCloud,
  serviceEndpoint,
  stsUrl,
  usGovCloud,
} from '../../src/common/cloud.ts'
import { AppError } from '../../src/common/errors.ts'
import { parseConfig } from '../../src/config.ts'
import { parseStorage } from '../../src/platform-settings.ts'

test.each<[Cloud, { region: string; subDomain?: string }, string]>([
  [usGovCloud, { region: 'usgovvirginia' }, 'https://usgovvirginia.api.cognitive.microsoft.us/sts/v1.0/issueToken'],
  [
    usGovCloud,
    { region: 'usgovarizona', subDomain: 'contoso' },
    'https://contoso.cognitiveservices.azure.us/sts/v1.0/issueToken',
  ],
  [chinaCloud, { region: 'chinaeast2' }, 'https://chinaeast2.api.cognitive.azure.cn/sts/v1.0/issueToken'],
  [
    chinaCloud,
    { region: 'chinanorth2', subDomain: 'contoso' },
    'https://contoso.cognitiveservices.azure.cn/sts/v1.0/issueToken',
  ],
])('in $name, the token service of %j is %s', (cloud, place, url) => expect(stsUrl(cloud, place)).toBe(url))

test.each<[Cloud, string]>([
  [publicCloud, 'https://api.cognitive.microsofttranslator.com/'],
  [usGovCloud, 'https://api.cognitive.microsofttranslator.us/'],
  [chinaCloud, 'https://api.translator.azure.cn/'],
])('in $name, Translator is used at %s', (cloud, endpoint) =>
  expect(serviceEndpoint(cloud, { region: 'any' }, 'TextTranslation')).toBe(endpoint),
)

const clouds: readonly Cloud[] = [publicCloud, usGovCloud, chinaCloud]

test('the vault of one cloud is no vault of another', () => {
  const urls = ['https://a.vault.azure.net', 'https://a.vault.usgovcloudapi.net', 'https://a.vault.azure.cn']
  expect(clouds.map((cloud) => urls.filter((url) => isVaultUrl(cloud, url)))).toEqual(urls.map((url) => [url]))
})

test('no two clouds share a host, but for the issuer of v1 tokens in the public one and the US Government’s', () => {
  const hosts = clouds.flatMap(({ name: _name, ...names }) => Object.values(names))
  expect(hosts.filter((host, index) => hosts.indexOf(host) !== index)).toEqual(['sts.windows.net'])
})

describe('the setting AZURE_CLOUD', () => {
  const settings = {
    KEYSTILE_ROLE: 'vendor',
    KEYSTILE_VAULT_URL: 'https://contoso.vault.azure.net',
    KEYSTILE_TENANT_ID: '72f988bf-86f1-41af-91ab-2d7cd011db47',
    KEYSTILE_AUDIENCES: 'api://keystile',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  }
  const problemsOf = (run: () => unknown): string[] => {
    try {
      run()
      return []
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return error.message.split('\n')
    }
  }

  test.each<[string | undefined, string, Cloud]>([
    [undefined, 'https://contoso.vault.azure.net', publicCloud],
    ['', 'https://contoso.vault.azure.net', publicCloud],
    ['public', 'https://contoso.vault.azure.net', publicCloud],
    ['usgov', 'https://contoso.vault.usgovcloudapi.net', usGovCloud],
    ['china', 'https://contoso.vault.azure.cn', chinaCloud],
  ])('%j, with a vault at %s, chooses all hosts together', (AZURE_CLOUD, KEYSTILE_VAULT_URL, cloud) => {
    expect(parseConfig({ ...settings, AZURE_CLOUD, KEYSTILE_VAULT_URL }).common).toMatchObject({
      cloud,
      vaultUrl: KEYSTILE_VAULT_URL,
    })
  })

  test.each([
    ['usgov', 'KEYSTILE_VAULT_URL is not https://{vault}.vault.usgovcloudapi.net'],
    ['china', 'KEYSTILE_VAULT_URL is not https://{vault}.vault.azure.cn'],
    ['AzureCloud', 'AZURE_CLOUD must be public, usgov or china'],
    ['USGov', 'AZURE_CLOUD must be public, usgov or china'],
  ])('%s does not go with a vault of the public cloud: %s', (AZURE_CLOUD, problem) => {
    expect(problemsOf(() => parseConfig({ ...settings, AZURE_CLOUD }))).toEqual([problem])
  })

  const named = { AzureWebJobsStorage__accountName: 'contoso' }
  const addressed = {
    AzureWebJobsStorage__queueServiceUri: 'https://contoso.queue.core.chinacloudapi.cn',
    AzureWebJobsStorage__blobServiceUri: 'https://contoso.blob.core.chinacloudapi.cn',
  }

  test.each([undefined, 'public'])('%j takes storage by the name of its account', (AZURE_CLOUD) => {
    expect(parseStorage({ ...named, AZURE_CLOUD })).toMatchObject({ blobUrl: 'https://contoso.blob.core.windows.net' })
  })

  test.each(['usgov', 'china'])(
    '%s takes storage by its addresses alone: the host takes a name for one of the public cloud',
    (AZURE_CLOUD) => {
      expect(problemsOf(() => parseStorage({ ...named, AZURE_CLOUD }))).toEqual([
        'AzureWebJobsStorage__accountName is for the public cloud: set __blobServiceUri and __queueServiceUri instead',
      ])
      expect(parseStorage({ ...addressed, AZURE_CLOUD })).toEqual({
        kind: 'identity',
        queueUrl: 'https://contoso.queue.core.chinacloudapi.cn',
        blobUrl: 'https://contoso.blob.core.chinacloudapi.cn',
      })
    },
  )
})
