// The keys that Entra signs with: made at every start, and rolled when a test says so.

import { generateKeyPair, type KeyObject, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { exportJWK } from 'jose'

export interface SigningKey {
  /** Also the `x5t` of v1 tokens: Entra's are the thumbprint of the certificate. */
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** As the key endpoints publish it. */
  readonly jwk: Readonly<Record<string, unknown>>
}

const generate = promisify(generateKeyPair)

export async function makeSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generate('rsa', { modulusLength: 2048 })
  const kid = randomBytes(20).toString('base64url')
  const { n, e } = await exportJWK(publicKey)
  return { kid, privateKey, publicKey, jwk: { kty: 'RSA', use: 'sig', kid, x5t: kid, n, e } }
}
