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
  ['without a protocol', `${account};EndpointSuffix=core.windows.net`],
  ['with a protocol that is none', `DefaultEndpointsProtocol=ftp;${account};EndpointSuffix=core.windows.net`],
  ['without a signature', endpoints],
  [
    'with a name that makes no address',
    `DefaultEndpointsProtocol=https;AccountName=a b;AccountKey=${KEY};EndpointSuffix=x`,
  ],
  ['with a key that is none', 'DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=%%%;EndpointSuffix=x.net'],
  [
    'with an address that is none',
    `DefaultEndpointsProtocol=https;${account};QueueEndpoint=foo;EndpointSuffix=core.windows.net`,
  ],
  ['that is another word', 'Foo=true'],
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

test('the suffix that the host takes where there is none is given to the SDK', () => {
  const storage = parseStorage({ AzureWebJobsStorage: `DefaultEndpointsProtocol=https;${account};` })
  const whole = `DefaultEndpointsProtocol=https;${account};EndpointSuffix=core.windows.net`
  expect(storage).toEqual({ kind: 'string', connectionString: whole })
  expect(takenBySdk(whole)).toBe(true)
})

test('an address of the storage that no URL is made of is refused', () => {
  const addresses = {
    AzureWebJobsStorage__queueServiceUri: 'https://a.example:99999',
    AzureWebJobsStorage__blobServiceUri: 'https://b.example',
  }
  expect(() => parseStorage(addresses)).toThrow('AzureWebJobsStorage__… does not name https addresses')
})

test.each([
  ['HTTPS_PROXY', 'http://10.0.0.1:8080', []],
  ['HTTPS_PROXY', '10.0.0.1:8080', ['HTTPS_PROXY is not an http or https address']],
  ['http_proxy', 'http://a b', ['http_proxy is not an http or https address']],
  ['ALL_PROXY', 'socks5://10.0.0.1', ['ALL_PROXY is not an http or https address']],
])('a proxy %s=%s: %p', (name, value, problems) => {
  expect(credentialProblems({ [name]: value })).toEqual(problems)
})
