// What the tests of ARM share: a seed with a locked account, paths, and a bare request.

import type { Seed } from '../../local/azure/seed.ts'
import { demoSeed, type TestAzure } from '../support/azure.ts'

export const sub = '5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0001'
export const elsewhere = '5b0d0c53-9a1e-4c57-8f57-6f0b7a1c9999'
export const provider = 'providers/Microsoft.CognitiveServices/accounts'
export const inGroup = (group: string) => `/subscriptions/${sub}/resourceGroups/${group}/${provider}`
/** Path of an account of the group `ai`. */
export const one = (name: string) => `${inGroup('ai')}/${name}`
export const version = '?api-version=2025-09-01'

export function armSeed(): Seed {
  const seed = demoSeed()
  seed.accounts.push({
    subscription: sub,
    resourceGroup: 'ai',
    name: 'locked',
    kind: 'SpeechServices',
    sku: 'S0',
    location: 'westus2',
    tags: {},
    provisioningState: 'Succeeded',
    readOnlyLock: true,
    keyLength: 84,
  })
  return seed
}

export interface Asked {
  readonly method?: 'GET' | 'POST'
  /** Name of an identity. Default: `human`, who may do everything. */
  readonly as?: string
  /** Instead of an identity's token; empty sends none. */
  readonly token?: string
  readonly body?: string
  /** Of the body. Default: JSON; empty sends none. */
  readonly type?: string
}

export async function tokenOf(azure: TestAzure, identity: string): Promise<string> {
  const resource = 'https://management.azure.com'
  return (await azure.entra.mint({ kind: 'identity', identity, resource })).token
}

export async function askArm(azure: TestAzure, path: string, asked: Asked = {}): Promise<Response> {
  const { method = 'GET', as = 'human', body, type = 'application/json' } = asked
  const token = asked.token ?? (await tokenOf(azure, as))
  return fetch(`https://management.azure.com${path}`, {
    method,
    headers: {
      ...(type === '' ? {} : { 'content-type': type }),
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    },
    // As bytes: `fetch` gives a text a type of its own.
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  })
}
