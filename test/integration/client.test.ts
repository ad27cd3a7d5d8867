// The client against the built vendor: what it gets is taken by the services, and the examples run as they are.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { MintRequest } from '../../local/azure/entra/mint-request.ts'
import { callerEnv } from '../../local/caller-env.ts'
import { callService } from '../../local/client.ts'
import { createTokenSource } from '../../src/client/index.ts'
import { publicationsOf, startTestStack, type TestStack, until } from '../support/stack.ts'

jest.setTimeout(60_000)

const run = promisify(execFile)
const root = join(__dirname, '../..')

let stack: TestStack

beforeAll(async () => {
  // Adopted at once, and then left alone.
  stack = await startTestStack({
    rotator: { KEYSTILE_SCHEDULE: '* * * * * *', KEYSTILE_PROOF_SPACING: 'PT0S', KEYSTILE_SETTLE: 'PT0S' },
  })
  await until('both accounts are published', () =>
    ['speech-west', 'translator-north'].every((account) => publicationsOf(stack, account).length > 0),
  )
})
afterAll(() => stack?.close())

const as = (request: MintRequest) => ({
  getToken: async () => {
    const { token, expires } = await stack.azure.entra.mint(request)
    return { token, expiresOnTimestamp: expires * 1_000 }
  },
})
const source = (account: string, request: MintRequest = { kind: 'app', caller: 'app-all' }) =>
  createTokenSource({ url: stack.vendor.url, account, credential: as(request) })

test.each([
  ['speech-west', 'SpeechServices', 'westus2'],
  ['translator-north', 'TextTranslation', 'northeurope'],
])('a token of %s is taken by its service, in its region', async (account, kind, region) => {
  const { getToken } = source(account)
  const given = await getToken()
  expect(given).toMatchObject({ account, region })
  expect(given.expiresAt.getTime() - Date.now()).toBeGreaterThan(299_000)
  expect(await callService({ kind, region: given.region }, { kind: 'token', token: given.token })).toBe(200)
  expect(await getToken()).toBe(given)
})

test('a bearer that the vendor finds expired is replaced once', async () => {
  const bearers = [
    as({ kind: 'app', caller: 'app-all', lifetimeSeconds: -600 }),
    as({ kind: 'app', caller: 'app-all' }),
    as({ kind: 'app', caller: 'nobody' }),
  ]
  const credential = { getToken: async () => (await bearers.shift()?.getToken()) ?? null }
  const { getToken } = createTokenSource({ url: stack.vendor.url, account: 'speech-west', credential })
  expect((await getToken()).region).toBe('westus2')
  expect(bearers).toHaveLength(1)
})

test('a refusal carries the code, the sentence and the trace id of the vendor', async () => {
  await expect(source('translator-north', { kind: 'app', caller: 'app-speech' }).getToken()).rejects.toMatchObject({
    name: 'TokenRequestError',
    status: 403,
    code: 'not_granted',
    detail: 'Ask the owners of this API for the app role that covers this request.',
    traceId: expect.stringMatching(/^[0-9a-f-]{32,36}$/),
  })
})

/** Runs an example as the application `app-all`, with the credential of @azure/identity and the built client. */
async function example(file: string, options: readonly string[], ...words: string[]): Promise<string> {
  const { azure, vendor } = stack
  const callers = { 'app-all': { clientId: clientIdOf('app-all'), clientSecret: azure.clientSecret('app-all') } }
  const { tenantId, api } = azure.world.seed
  const place = { ...azure, vendorUrl: vendor.url, tenantId, audience: api.appIdUri, callers }
  const env = { PATH: process.env.PATH ?? '', ...callerEnv(place, 'app-all') }
  return (await run(process.execPath, [...options, join('examples', file), ...words], { cwd: root, env })).stdout
}

const clientIdOf = (name: string): string => {
  const caller = stack.azure.world.seed.callers.find((one) => one.name === name)
  if (!caller) throw new Error(`no caller ${name}`)
  return caller.clientId
}

test('the translator example translates two texts with one token', async () => {
  const said = await example('translator/translate.mjs', [], 'Good morning', 'Good night')
  expect(said.split('\n')).toEqual([
    'de: Good morning',
    'de: Good night',
    expect.stringMatching(/^with one token of translator-global, which ends at /),
    '',
  ])
})

/** Calls Speech with the token that it was given, as the SDK does, says what came of it, and is at the end of the file. */
const sdk = `
export const SpeechConfig = { fromAuthorizationToken: (token, region) => ({ token, region }) }
export const AudioConfig = { fromWavFileInput: () => ({}) }
export const CancellationReason = { Error: 0, EndOfStream: 1 }
export class SpeechRecognizer {
  constructor({ token, region }) { Object.assign(this, { authorizationToken: token, region }) }
  async startContinuousRecognitionAsync() {
    const url = 'https://' + this.region + '.tts.speech.microsoft.com/cognitiveservices/voices/list'
    const { status } = await fetch(url, { headers: { authorization: 'Bearer ' + this.authorizationToken } })
    this.recognized(this, { result: { text: 'Speech answered ' + status } })
    this.canceled(this, { reason: CancellationReason.EndOfStream })
  }
  close() { console.log('closed') }
}`
const hook = `
import { registerHooks } from 'node:module'
const url = 'data:text/javascript,' + ${JSON.stringify(encodeURIComponent(sdk))}
registerHooks({
  resolve: (name, context, next) =>
    name === 'microsoft-cognitiveservices-speech-sdk' ? { url, shortCircuit: true } : next(name, context),
})`

test('the speech example gives token and region to the Speech SDK, and ends', async () => {
  const options = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`]
  expect(await example('speech/recognize.mjs', options, 'package.json')).toBe('Speech answered 200\nclosed\n')
})
