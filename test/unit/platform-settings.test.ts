// Settings of the platform: what the SDKs would refuse later is told at the start, by name and without a value.

import { QueueServiceClient } from '@azure/storage-queue'
import { AppError } from '../../src/common/errors.ts'
import { credentialProblems, parseStorage } from '../../src/platform-settings.ts'

const KEY = 'bWFya2VkLXZhbHVl'
const account = `AccountName=contoso;AccountKey=${KEY}`
const endpoints = 'BlobEndpoint=https://b.example;QueueEndpoint=https://q.example'

const takenBySdk = (text: string): boolean => {
  try {
    QueueServiceClient.fromConnectionString(text)
    return true
  } catch {
    return false
  }
}

const problemOf = (text: string): string | undefined => {
  try {
    parseStorage({ AzureWebJobsStorage: text })
    return undefined
  } catch (error) {
    return error instanceof AppError ? error.message : `not ours: ${error}`
  }
}

test.each([
  ['that of the portal', `DefaultEndpointsProtocol=https;${account};EndpointSuffix=core.windows.net`],
  ['one with addresses', `DefaultEndpointsProtocol=http;${account};${endpoints}`],
  ['one with a signature', `${endpoints};SharedAccessSignature=sv=2024&sig=x`],
  ['that of a development storage', 'UseDevelopmentStorage=true'],
])('%s is taken, by the SDK as well', (_what, text) => {
  expect([problemOf(text), takenBySdk(text)]).toEqual([undefined, true])
})

test.each([
  ['without a name', `DefaultEndpointsProtocol=https;AccountKey=${KEY};EndpointSuffix=core.windows.net`],
  ['without a key', 'DefaultEndpointsProtocol=https;AccountName=contoso;EndpointSuffix=core.windows.net'],
  ['without a suffix', `DefaultEndpointsProtocol=https;${account}`],
  ['without a protocol', `${account};EndpointSuffix=core.windows.net`],
  ['with a protocol that is none', `DefaultEndpointsProtocol=ftp;${account};EndpointSuffix=core.windows.net`],
  ['without a signature', endpoints],
  ['with a signature and no address', 'AccountName=contoso;SharedAccessSignature=sv=2024&sig=x'],
])('a connection string %s is refused by name, as the SDK would later', (_what, text) => {
  expect([problemOf(text), takenBySdk(text)]).toEqual(['AzureWebJobsStorage is not a connection string', false])
})

test.each([undefined, 'prod', 'ManagedIdentityCredential', ' environmentcredential '])('the credential %p', (name) => {
  expect(credentialProblems({ AZURE_TOKEN_CREDENTIALS: name })).toEqual([])
})

test('a credential that nobody knows is refused by name', () => {
  expect(credentialProblems({ AZURE_TOKEN_CREDENTIALS: 'marked-value' })).toEqual([
    'AZURE_TOKEN_CREDENTIALS must be dev, prod or the name of one credential',
  ])
})
