// How the AI services word their refusals (contract C5).

import type { Details, Why } from './ai-credentials.ts'
import { Refusal } from './wire.ts'

const refusal = (status: number, code: string, message: string, details: Details): Refusal =>
  new Refusal({ status, body: { error: { code, message } }, details })

/** The one answer for a key that is wrong, dead, not working yet, or used at another account's place. */
export const accessDenied = (details: Details = {}): Refusal =>
  refusal(
    401,
    '401',
    'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an ' +
      'active subscription and use a correct regional API endpoint for your resource.',
    details,
  )

export const localAuthOff = (details: Details = {}): Refusal =>
  refusal(403, 'AuthenticationTypeDisabled', 'Key based authentication is disabled for this resource.', details)

export const subdomainNeeded = (): Refusal =>
  refusal(
    400,
    'BadRequest',
    'Please provide a custom subdomain for token authentication, otherwise API key is required.',
    {},
  )

export const principalLacksAccess = (details: Details = {}): Refusal =>
  refusal(401, 'PermissionDenied', 'Principal does not have access to API/Operation.', details)

export const noSuchResource = (details: Details = {}): Refusal => refusal(404, '404', 'Resource not found', details)

/** The refusal of a key or token, in the words of the STS, Speech and Vision. */
export const denied = (why: Why, details: Details): Refusal =>
  why === 'local-auth-off' ? localAuthOff(details) : accessDenied(details)
