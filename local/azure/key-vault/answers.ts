// What Key Vault puts on every answer, and how it words a refusal (contract B3 and B4).

import { randomUUID } from 'node:crypto'
import { cloudOf } from '../clouds.ts'
import type { Seed } from '../seed.ts'
import { type Answer, type Call, Refusal } from '../wire.ts'
import type { Vault } from '../world.ts'

/** `{"error":{"code","message","innererror":{"code"}}}`: the inner code is what tells one 403 or 409 from another. */
export const refusal = (status: number, code: string, message: string, inner?: string): Refusal =>
  new Refusal({
    status,
    body: { error: { code, message, ...(inner === undefined ? {} : { innererror: { code: inner } }) } },
  })

export const badParameter = (message: string): Refusal => refusal(400, 'BadParameter', message)

/** @param what The name, or `name/version`, as the caller wrote it. */
export const secretNotFound = (what: string): Refusal =>
  refusal(404, 'SecretNotFound', `A secret with (name/id) ${what} was not found in this key vault.`)

export const deletedSecretNotFound = (name: string): Refusal =>
  refusal(404, 'SecretNotFound', `Deleted Secret not found: ${name}`)

export const secretDisabled = (): Refusal =>
  refusal(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled')

export const beingDeleted = (): Refusal =>
  refusal(409, 'Conflict', 'Secret is currently being deleted.', 'ObjectIsBeingDeleted')

/** Reported by users of the real service: Azure/azure-sdk-for-net#31581. */
export const beingRecovered = (name: string): Refusal =>
  refusal(409, 'Conflict', `Secret ${name} is currently being recovered; retry later.`, 'ObjectIsBeingRecovered')

export const deletedButRecoverable = (name: string): Refusal =>
  refusal(
    409,
    'Conflict',
    `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused.`,
    'ObjectIsDeletedButRecoverable',
  )

export const forbiddenByRbac = (action: string, scope: string, vault: Vault): Refusal =>
  refusal(
    403,
    'Forbidden',
    `Caller is not authorized to perform action on resource.\r\nAction: '${action}'\r\nResource: '${scope}'\r\n` +
      `Assignment: (not found)\r\nVault: ${vault.name};location=${vault.location}\r\n`,
    'ForbiddenByRbac',
  )

/** The 401 that tells a client where to get a token. `problem` is set when there was a bearer, and says what ails it. */
export const challenge = (seed: Seed, problem?: string): Refusal =>
  new Refusal({
    status: 401,
    headers: {
      'www-authenticate':
        `Bearer authorization="https://${cloudOf(seed).login}/${seed.tenantId}", resource="https://${cloudOf(seed).keyVault}"` +
        (problem === undefined ? '' : `, error="invalid_token", error_description="${problem}"`),
    },
    body: {
      error: { code: 'Unauthorized', message: problem ?? 'AKV10000: Request is missing a Bearer or PoP token.' },
    },
  })

/** Adds the headers that the service sends with everything, refusals included. */
export function dress(answer: Answer, call: Call, vault: Vault): Answer {
  const echoed = call.headers['x-ms-client-request-id']
  return {
    ...answer,
    headers: {
      'cache-control': 'no-cache',
      pragma: 'no-cache',
      expires: '-1',
      'x-content-type-options': 'nosniff',
      'strict-transport-security': 'max-age=31536000;includeSubDomains',
      'x-ms-keyvault-region': vault.location,
      'x-ms-keyvault-service-version': '1.9.0.0',
      'x-ms-keyvault-network-info': 'conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;',
      'x-ms-request-id': randomUUID(),
      ...(typeof echoed === 'string' ? { 'x-ms-client-request-id': echoed } : {}),
      ...answer.headers,
    },
  }
}
