// Records as somebody writes them who may write secrets but holds no key: what they name, and which hosts may hear of it.

import { tag } from '../../src/common/record.ts'
import { fp } from './rotation.ts'

export const SPEECH =
  '/subscriptions/5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0001/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/speech-west'

/** A record of speech-west as Keystile writes it, with what somebody changed in it. */
export const hostileTags = (key: string, change: Readonly<Record<string, string>>) => ({
  [tag.credentialId]: 'key1',
  [tag.providerAddress]: SPEECH,
  [tag.fingerprint]: fp(key),
  [tag.region]: 'westus2',
  [tag.kind]: 'SpeechServices',
  ...change,
})

/** No host at all: every one of these is taken for a single DNS label, which it is not. */
export const NO_LABELS: readonly [what: string, text: string][] = [
  ['another host', 'evil.example'],
  ['another host and a path', 'evil.example/'],
  ['a label before another host', 'westus2.evil.example'],
  ['an IPv4 address', '127.0.0.1'],
  ['an IPv4 address in hex', '0x7f.1'],
  ['an IPv6 address', '[::1]'],
  ['a user before another host', 'westus2@evil.example'],
  ['a user and a password', 'a:b@evil.example/'],
  ['a port', 'westus2:8443'],
  ['a fragment', 'westus2#'],
  ['a query', 'westus2?'],
  ['a slash', 'westus2/'],
  ['a backslash', 'westus2\\'],
  ['an encoded slash', 'westus2%2f'],
  ['an encoded dot', 'evil%2eexample'],
  ['a line break', 'westus2\r\nx-header: 1'],
  ['a dot at the end', 'westus2.'],
  ['a dash at the end', 'westus2-'],
  ['the suffix trick', 'a.cognitiveservices.azure.com.evil.example'],
  ['two labels', 'a.b'],
  ['64 characters', 'a'.repeat(64)],
  ['a Cyrillic е', 'wеstus2'],
  ['a full-width 2', 'westus２'],
  ['an ideographic dot', 'evil。example'],
  ['an accent', 'wéstus2'],
  ['a null byte', 'westus2\u0000'],
]
