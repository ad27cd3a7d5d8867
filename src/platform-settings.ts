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
    const whole = wholeConnectionString(connectionString)
    if (whole === undefined) problems.push(`${STORAGE} is not a connection string`)
    return whole === undefined ? undefined : { kind: 'string', connectionString: whole }
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

const isServiceUrl = (text: string) =>
  /^https:\/\/[a-z0-9.-]+(:\d+)?(\/[a-z0-9-]*)?\/?$/i.test(text) && URL.canParse(text)

/** The host's own word for the storage of a development machine. */
const SHORTHAND = 'UseDevelopmentStorage=true'
/** What the host takes where a string with a key says nothing of it; the SDKs take nothing then. */
const SUFFIX = 'core.windows.net'

/**
 * What the storage SDKs take: the host's shorthand, a string with a key, or one with a shared access signature.
 *
 * @returns the string, whole; `undefined` where it is none.
 */
function wholeConnectionString(text: string): string | undefined {
  if (!/^\w+=[^;]+(;\w+=[^;]*)*;?$/.test(text)) return undefined
  if (text === SHORTHAND || text.startsWith(`${SHORTHAND};`)) return text
  const parts = new Map(text.split(';').map((part) => [part.split('=', 1).join(), part.slice(part.indexOf('=') + 1)]))
  const part = (name: string) => parts.get(name) ?? ''
  const endpoints = ['BlobEndpoint', 'QueueEndpoint'].map(part)
  if (endpoints.some((endpoint) => endpoint !== '' && !URL.canParse(endpoint))) return undefined
  const hasEndpoints = !endpoints.includes('')
  const protocol = part('DefaultEndpointsProtocol')
  if (protocol === '' || part('AccountKey') === '')
    return part('SharedAccessSignature') !== '' && hasEndpoints ? text : undefined
  if (part('AccountName') === '' || Buffer.from(part('AccountKey'), 'base64').length === 0) return undefined
  if (hasEndpoints) return text
  const suffix = part('EndpointSuffix') || SUFFIX
  const isAddress = /^https?$/i.test(protocol) && URL.canParse(`${protocol}://${part('AccountName')}.queue.${suffix}`)
  if (!isAddress) return undefined
  return part('EndpointSuffix') === '' ? `${text.replace(/;$/, '')};EndpointSuffix=${suffix}` : text
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

/** Through which the SDKs send what they send; as HTTP libraries read them, in either case. */
const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()])

/** Of the credential, and of the way to Azure. @returns a line for each problem. */
export function credentialProblems(environment: Environment): readonly string[] {
  const name = environment.AZURE_TOKEN_CREDENTIALS
  const isKnown = CREDENTIALS.some((known) => known.toLowerCase() === name?.trim().toLowerCase())
  const isProxy = (text: string) => /^https?:\/\/./i.test(text) && URL.canParse(text)
  const wrong = PROXIES.filter((proxy) => environment[proxy] !== undefined && !isProxy(environment[proxy]))
  return [
    ...(name === undefined || isKnown
      ? []
      : ['AZURE_TOKEN_CREDENTIALS must be dev, prod or the name of one credential']),
    ...wrong.map((proxy) => `${proxy} is not an http or https address`),
  ]
}
