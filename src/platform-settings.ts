// Settings that are not ours: the storage of the Functions host, and which credential is our own identity. The SDKs
// refuse what does not fit only when they are loaded; here it is told at the start.

import type { StorageConnection } from './azure/storage.ts'
import { AppError } from './common/errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** An empty setting counts as absent. */
export const present = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== '' && value !== undefined))

const STORAGE = 'AzureWebJobsStorage'

/** The storage alone, for a command. @throws AppError `settings_invalid` whose message has one line for each problem. */
export function parseStorage(environment: Environment): StorageConnection {
  const problems: string[] = []
  const storage = readStorage(present(environment), problems)
  if (!storage || problems.length > 0) throw new AppError('settings_invalid', problems.join('\n'))
  return storage
}

/** A connection string, or addresses reached with the app's identity. @param problems gets a line for each. */
export function readStorage(environment: Environment, problems: string[]): StorageConnection | undefined {
  const connectionString = environment[STORAGE]
  if (connectionString) {
    if (!isConnectionString(connectionString)) problems.push(`${STORAGE} is not a connection string`)
    return { kind: 'string', connectionString }
  }
  const account = environment[`${STORAGE}__accountName`]
  // The host takes the name for one of the public cloud: learn.microsoft.com/azure/azure-functions/functions-reference.
  if (account && (environment.AZURE_CLOUD ?? 'public') !== 'public') {
    problems.push(`${STORAGE}__accountName is for the public cloud: set __blobServiceUri and __queueServiceUri instead`)
    return undefined
  }
  const address = (service: string) =>
    environment[`${STORAGE}__${service}ServiceUri`] ?? (account && `https://${account}.${service}.core.windows.net`)
  const [queueUrl, blobUrl] = [address('queue'), address('blob')]
  if (queueUrl && blobUrl) {
    if (!isServiceUrl(queueUrl) || !isServiceUrl(blobUrl)) problems.push(`${STORAGE}__… does not name https addresses`)
    return { kind: 'identity', queueUrl, blobUrl }
  }
  problems.push(
    `${STORAGE}, ${STORAGE}__accountName or both ${STORAGE}__blobServiceUri and __queueServiceUri is required`,
  )
  return undefined
}

const isServiceUrl = (text: string) => /^https:\/\/[a-z0-9.-]+(:\d+)?(\/[a-z0-9-]*)?\/?$/i.test(text)

/** What the storage SDKs take: one with a key, one with a shared access signature, or a word that stands for one. */
function isConnectionString(text: string): boolean {
  if (!/^\w+=[^;]+(;\w+=[^;]*)*;?$/.test(text)) return false
  if (/^\w+=true(;|$)/.test(text)) return true
  const parts = new Map(text.split(';').map((part) => [part.split('=', 1).join(), part.slice(part.indexOf('=') + 1)]))
  const has = (...names: readonly string[]) => names.every((name) => (parts.get(name) ?? '') !== '')
  const hasEndpoints = ['BlobEndpoint', 'QueueEndpoint'].every((name) => URL.canParse(parts.get(name) ?? ''))
  const protocol = parts.get('DefaultEndpointsProtocol') ?? ''
  if (protocol === '' || !has('AccountKey')) return has('SharedAccessSignature') && hasEndpoints
  return has('AccountName') && (hasEndpoints || (/^https?$/i.test(protocol) && has('EndpointSuffix')))
}

/** What `DefaultAzureCredential` takes in place of its whole chain: @azure/identity 4.14. */
const CREDENTIALS: readonly string[] = [
  'dev',
  'prod',
  'EnvironmentCredential',
  'WorkloadIdentityCredential',
  'ManagedIdentityCredential',
  'VisualStudioCodeCredential',
  'AzureCliCredential',
  'AzurePowerShellCredential',
  'AzureDeveloperCliCredential',
]

/** @returns a line for each problem. */
export function credentialProblems({ AZURE_TOKEN_CREDENTIALS: name }: Environment): readonly string[] {
  const isKnown = CREDENTIALS.some((known) => known.toLowerCase() === name?.trim().toLowerCase())
  return name === undefined || isKnown
    ? []
    : ['AZURE_TOKEN_CREDENTIALS must be dev, prod or the name of one credential']
}
