// How ARM words a refusal: `{"error":{"code","message"}}` (contract A4).

import { Refusal } from '../wire.ts'
import type { Account } from '../world.ts'

/** Which part of the service refused, as `x-ms-failure-cause` says (contract A5). */
type Cause = 'gateway' | 'service'

function refusal(status: number, code: string, message: string, cause: Cause, headers: Record<string, string> = {}) {
  return new Refusal({
    status,
    headers: { 'x-ms-failure-cause': cause, ...headers },
    body: { error: { code, message } },
  })
}

/** The 401 of a missing or bad bearer, by what ails it. */
export function unauthenticated(tenantId: string, code: string, message: string): Refusal {
  const challenge =
    `Bearer authorization_uri="https://login.windows.net/${tenantId}", error="invalid_token", ` +
    `error_description="${message.replaceAll('"', "'")}"`
  return refusal(401, code, message, 'gateway', { 'www-authenticate': challenge })
}

export const forbidden = (clientId: string, objectId: string, action: string, scope: string): Refusal =>
  refusal(
    403,
    'AuthorizationFailed',
    `The client '${clientId}' with object id '${objectId}' does not have authorization to perform action '${action}' ` +
      `over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    'gateway',
  )

export const missingApiVersion = (): Refusal =>
  refusal(400, 'MissingApiVersionParameter', 'The api-version query parameter (?api-version=) is required.', 'gateway')

export const invalidApiVersion = (version: string): Refusal =>
  refusal(400, 'InvalidApiVersionParameter', `The api-version '${version}' is invalid.`, 'gateway')

/** Also for a body without a type. */
export const unsupportedMediaType = (type: string): Refusal =>
  refusal(
    415,
    'UnsupportedMediaType',
    `The content media type '${type === '' ? '<null>' : type}' is not supported. Only 'application/json' is supported.`,
    'gateway',
  )

export const noSubscription = (id: string): Refusal =>
  refusal(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`, 'gateway')

export const noResourceGroup = (name: string): Refusal =>
  refusal(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`, 'gateway')

export const noAccount = (name: string, group: string): Refusal =>
  refusal(
    404,
    'ResourceNotFound',
    `The Resource 'Microsoft.CognitiveServices/accounts/${name}' under resource group '${group}' was not found. ` +
      'For more details please go to https://aka.ms/ARMResourceNotFoundFix',
    'gateway',
  )

export const invalidAccountName = (): Refusal =>
  refusal(
    400,
    'InvalidAccountName',
    'The account name is invalid. Account name can only include alphanumeric characters, underscores and hyphens; ' +
      'Account name only allows 2 to 64 characters.',
    'service',
  )

export const badRequest = (message: string): Refusal => refusal(400, 'BadRequest', message, 'service')

export const locked = ({ id }: Pick<Account, 'id'>): Refusal =>
  refusal(
    409,
    'ScopeLocked',
    `The scope '${id}' cannot perform write operation because following scope(s) are locked: '${id}'. ` +
      'Please remove the lock and try again.',
    'gateway',
  )

export const throttled = (retryAfterSeconds: number): Refusal =>
  refusal(429, 'SubscriptionRequestsThrottled', 'Number of requests exceeded the limit.', 'gateway', {
    'retry-after': String(retryAfterSeconds),
  })
