import { inspect } from 'node:util'
import { normaliseRegion, parseAccountId, parseAccountName } from '../../src/common/account.ts'
import { isVaultUrl, publicCloud, serviceEndpoint, stsUrl } from '../../src/common/cloud.ts'
import { parseDuration } from '../../src/common/duration.ts'
import { readRecord } from '../../src/common/record.ts'
import { fingerprintOf, Secret } from '../../src/common/secret.ts'
import { ID } from '../support/rotation.ts'

describe('a secret', () => {
  const secret = Secret.of('marked-value')

  test.each([
    ['String', () => String(secret)],
    ['a template', () => `${secret}`],
    ['JSON', () => JSON.stringify({ secret })],
    ['inspect', () => inspect({ secret }, { depth: 10, showHidden: true })],
    ['a joined list', () => [secret].join()],
    ['an error', () => new Error(`${secret}`).message],
  ])('does not come out by %s', (_way, show) => {
    expect(show()).not.toContain('marked-value')
    expect(show()).toContain('[secret]')
  })

  test('comes out by reveal alone', () => expect(secret.reveal()).toBe('marked-value'))
  test('is never empty', () => expect(() => Secret.of('')).toThrow(TypeError))
  test('has the SHA-256 of its text as fingerprint', () =>
    expect(fingerprintOf(Secret.of('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'))
})

test.each([
  ['P30D', 2_592_000_000],
  ['P1W', 604_800_000],
  ['P2DT12H', 216_000_000],
  ['PT45S', 45_000],
  ['PT1H30M', 5_400_000],
  ['PT0S', 0],
  ['P1M', undefined],
  ['P1Y', undefined],
  ['P', undefined],
  ['PT', undefined],
  ['P1DT', undefined],
  ['30D', undefined],
  ['p30d', undefined],
  ['P-1D', undefined],
  ['P1.5D', undefined],
  ['P3654D', undefined],
  ['', undefined],
])('the duration %s is %s ms', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds))

test.each([
  [ID, 'speech-west'],
  [ID.toLowerCase(), 'speech-west'],
  [ID.toUpperCase(), 'SPEECH-WEST'],
  [`${ID}/`, undefined],
  [`${ID}/projects/x`, undefined],
  [ID.replace('CognitiveServices', 'Storage'), undefined],
  [ID.replace('11111111-', ''), undefined],
  [ID.replace('speech-west', '-x'), undefined],
  [`x${ID}`, undefined],
  ['', undefined],
])('%s names the account %s', (text, name) => expect(parseAccountId(text)?.name).toBe(name))

test.each([
  ['speech-west', 'speech-west'],
  ['Speech-West', 'speech-west'],
  ['speech_west', undefined],
  ['', undefined],
  ['a'.repeat(127), 'a'.repeat(127)],
  ['a'.repeat(128), undefined],
  ['a/b', undefined],
  ['a\n', undefined],
])('callers may name an account %j', (text, name) => expect(parseAccountName(text)).toBe(name))

test.each(['westus2', 'West US 2', 'WESTUS2'])('%s is the region westus2', (text) =>
  expect(normaliseRegion(text)).toBe('westus2'),
)

test.each([
  [{ region: 'westus2' }, 'https://westus2.api.cognitive.microsoft.com/sts/v1.0/issueToken'],
  [{ region: 'global' }, 'https://api.cognitive.microsoft.com/sts/v1.0/issueToken'],
  [{ region: 'westus2', subDomain: 'Contoso' }, 'https://contoso.cognitiveservices.azure.com/sts/v1.0/issueToken'],
  [{ region: 'evil.example/x?' }, undefined],
  [{ region: 'westus2@evil' }, undefined],
  [{ region: '' }, undefined],
  [{ region: 'westus2', subDomain: 'evil.example#' }, undefined],
  [{ region: 'westus2', subDomain: '' }, undefined],
  [{ region: 'westus2', subDomain: '-a' }, undefined],
  [{ region: 'a'.repeat(64) }, undefined],
])('the token service of %j is %s', (place, url) => expect(stsUrl(publicCloud, place)).toBe(url))

test.each([
  [{ region: 'global' }, 'TextTranslation', 'https://api.cognitive.microsofttranslator.com/'],
  [{ region: 'northeurope' }, 'TextTranslation', 'https://api.cognitive.microsofttranslator.com/'],
  [{ region: 'westus2' }, 'SpeechServices', 'https://westus2.api.cognitive.microsoft.com/'],
  [{ region: 'westus2', subDomain: 'contoso' }, 'SpeechServices', 'https://contoso.cognitiveservices.azure.com/'],
  [{ region: 'a b' }, 'SpeechServices', undefined],
])('%j of kind %s is used at %s', (place, kind, url) => expect(serviceEndpoint(publicCloud, place, kind)).toBe(url))

test.each([
  ['https://contoso.vault.azure.net', true],
  ['https://contoso.vault.azure.net/', true],
  ['http://contoso.vault.azure.net', false],
  ['https://contoso.vault.azure.net/secrets', false],
  ['https://contoso.vault.azure.net.evil.example', false],
  ['https://evil.example/.vault.azure.net', false],
  ['https://a.b.vault.azure.net', false],
  ['https://u:p@contoso.vault.azure.net', false],
])('%s as the address of a vault: %s', (text, fits) => expect(isVaultUrl(publicCloud, text)).toBe(fits))

test('a record reads what fits and drops what does not', () => {
  expect(
    readRecord({
      CredentialId: 'Key2',
      ProviderAddress: 'not an id',
      KeyFingerprint: 'XYZ',
      Region: 'West US 2',
      SubDomain: '',
      PublishedAt: 'yesterday',
      Publisher: 'prod',
    }),
  ).toEqual({ credentialId: 'key2', place: { region: 'westus2' }, publisher: 'prod' })
})
