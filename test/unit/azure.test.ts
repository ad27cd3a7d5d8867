import { inspect } from 'node:util'
import { sanitize } from '../../src/azure/errors.ts'
import { checkRecord } from '../../src/azure/record-reader.ts'
import { Secret } from '../../src/common/secret.ts'
import { policyOf } from '../../src/rotation/policy.ts'
import { fp, ID } from '../support/rotation.ts'

const sdkError = (change: object) =>
  Object.assign(new Error('marked-key in the message'), { request: { headers: 'marked-key' } }, change)

test.each([
  [
    'a 404 with a code',
    sdkError({ statusCode: 404, code: 'SecretNotFound' }),
    'upstream_refused',
    'read x: HTTP 404 SecretNotFound',
  ],
  ['a code that is a text', sdkError({ statusCode: 400, code: 'marked-key' }), 'upstream_refused', 'read x: HTTP 400'],
  [
    'too many requests',
    sdkError({ statusCode: 429, code: 'Throttled' }),
    'upstream_throttled',
    'read x: HTTP 429 Throttled',
  ],
  ['a request timeout', sdkError({ statusCode: 408 }), 'upstream_unreachable', 'read x: HTTP 408'],
  ['a server error', sdkError({ statusCode: 503 }), 'upstream_unreachable', 'read x: HTTP 503'],
  ['a reset', sdkError({ code: 'ECONNRESET' }), 'upstream_unreachable', 'read x: no answer (ECONNRESET)'],
  ['a code that nobody knows', sdkError({ code: 'MARKED' }), 'upstream_unreachable', 'read x: no answer'],
  ['no error at all', 'marked-key', 'upstream_unreachable', 'read x: no answer'],
  ['nothing', undefined, 'upstream_unreachable', 'read x: no answer'],
])('%s becomes an error that is safe to log', (_what, thrown, code, message) => {
  const error = sanitize('read x', thrown)
  expect([error.code, error.message]).toEqual([code, message])
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('marked-key')
})

const tags = {
  CredentialId: 'key1',
  ProviderAddress: ID,
  KeyFingerprint: fp('the key'),
  Region: 'westus2',
  Kind: 'SpeechServices',
}

test.each([
  ['a record', {}, 'record'],
  ['a record without a fingerprint', { KeyFingerprint: '' }, 'record'],
  ['the fingerprint of another value', { KeyFingerprint: fp('another key') }, 'not-a-record'],
  ['a fingerprint that is none', { KeyFingerprint: 'abc' }, 'not-a-record'],
  ['no account', { ProviderAddress: '' }, 'not-a-record'],
  [
    'the id of another kind of resource',
    { ProviderAddress: ID.replace('CognitiveServices', 'Storage') },
    'not-a-record',
  ],
  ['no slot', { CredentialId: '' }, 'not-a-record'],
  ['a record without a key', { CredentialId: 'none' }, 'not-a-record'],
  ['no region', { Region: '' }, 'not-a-record'],
  ['no kind', { Kind: '' }, 'not-a-record'],
])('%s', (_what, change, kind) => expect(checkRecord(Secret.of('the key'), { ...tags, ...change }).kind).toBe(kind))

const HOUR = 3_600_000
const policy = {
  rotateEveryMs: 720 * HOUR,
  graceMs: 48 * HOUR,
  minGraceMs: HOUR,
  minRotateEveryMs: 24 * HOUR,
  maxRotateEveryMs: 8760 * HOUR,
}

test.each([
  [{}, { kind: 'policy', rotateEveryMs: 720 * HOUR, graceMs: 48 * HOUR }],
  [
    { 'keystile-rotate-every': 'P1D', 'keystile-grace': 'PT1H' },
    { kind: 'policy', rotateEveryMs: 24 * HOUR, graceMs: HOUR },
  ],
  [
    { 'keystile-rotate-every': 'PT23H59M59S' },
    { kind: 'bad', reason: 'keystile-rotate-every is below the least allowed' },
  ],
  [{ 'keystile-rotate-every': 'P365DT1S' }, { kind: 'bad', reason: 'keystile-rotate-every is above the most allowed' }],
  [{ 'keystile-grace': 'PT59M59S' }, { kind: 'bad', reason: 'keystile-grace is below the least allowed' }],
  [{ 'keystile-grace': '2 days' }, { kind: 'bad', reason: 'keystile-grace is not an ISO 8601 duration' }],
  [{ 'keystile-rotate-every': 'P1M' }, { kind: 'bad', reason: 'keystile-rotate-every is not an ISO 8601 duration' }],
])('the tags %j ask for %j', (asked, expected) => expect(policyOf(asked, policy)).toEqual(expected))
