// A vend from the cache: answered without waiting for anything, and written out once.

import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { Secret } from '../../src/common/secret.ts'
import { issueTokenHandler } from '../../src/functions/issue-token.ts'
import type { IssuedToken } from '../../src/vending/issued-token.ts'
import { unbounded } from '../support/endpoint.ts'
import { fp } from '../support/rotation.ts'

const asApp = unbounded(() => ({
  kind: 'caller',
  caller: { objectId: 'sp-1', appId: 'app-1', roles: ['Token.Issue'] },
}))
const issued = (text: string): IssuedToken => ({
  token: Secret.of(text),
  expiresAt: new Date('2026-02-01T12:10:00Z'),
  refreshAfter: new Date('2026-02-01T12:08:00Z'),
  region: 'westus2',
  endpoint: 'https://speech-west.cognitiveservices.azure.com/',
})

function vendorOf(give: () => { readonly issued: IssuedToken; readonly leftMs: number }) {
  const lines: string[] = []
  const handler = issueTokenHandler({ ...asApp, issue: () => ({ kind: 'issued', ...give() }) })
  const ask = (body?: string) => {
    const context = new InvocationContext({
      functionName: 'issueToken',
      logHandler: (_level, ...args: unknown[]) => void lines.push(args.join(' ')),
    })
    const request = new HttpRequest({
      method: 'POST',
      url: 'https://keystile.example/api/accounts/speech-west/token',
      params: { account: 'speech-west' },
      headers: { authorization: 'Bearer a.b.c' },
      ...(body === undefined ? {} : { body: { string: body } }),
    })
    return handler(request, context)
  }
  return { ask, lines }
}

const bodyOf = (answer: unknown) => JSON.parse(String((answer as HttpResponseInit).body))

test('a token at hand is given without waiting: there is no promise', () => {
  const one = issued('token one')
  const { ask, lines } = vendorOf(() => ({ issued: one, leftMs: 599_999 }))
  const answer = ask()
  expect(answer).not.toBeInstanceOf(Promise)
  expect(bodyOf(answer)).toEqual({
    access_token: 'token one',
    token_type: 'Bearer',
    expires_in: 599,
    expires_at: '2026-02-01T12:10:00.000Z',
    refresh_after: '2026-02-01T12:08:00.000Z',
    account: 'speech-west',
    region: 'westus2',
    endpoint: 'https://speech-west.cognitiveservices.azure.com/',
  })
  expect(lines).toEqual([
    `request {"what":"issueToken","caller":"sp-1","app":"app-1","account":"speech-west","token":"${fp('token one')}","expires":"2026-02-01T12:10:00.000Z","result":"granted"}`,
  ])
})

test('only what is left of it changes from one answer to the next', () => {
  const one = issued('token one')
  const lefts = [599_999, 300_500, 5_001]
  const { ask } = vendorOf(() => ({ issued: one, leftMs: lefts.shift() ?? 0 }))
  const [first, ...others] = [ask(), ask(), ask()].map(bodyOf)
  expect(others).toEqual([
    { ...first, expires_in: 300 },
    { ...first, expires_in: 5 },
  ])
})

test('a new token is written anew, and told by its own name', () => {
  const tokens = [issued('token one'), issued('token "two", "expires_in":0')]
  const { ask, lines } = vendorOf(() => ({ issued: tokens.shift() ?? issued('none'), leftMs: 60_000 }))
  expect([bodyOf(ask()), bodyOf(ask())]).toMatchObject([
    { access_token: 'token one', expires_in: 60 },
    { access_token: 'token "two", "expires_in":0', expires_in: 60 },
  ])
  expect(lines.map((line) => JSON.parse(line.replace('request ', '')).token)).toEqual([
    fp('token one'),
    fp('token "two", "expires_in":0'),
  ])
})

test('a body is waited for, and looked at', async () => {
  const { ask } = vendorOf(() => ({ issued: issued('token one'), leftMs: 60_000 }))
  expect(ask('{}')).toBeInstanceOf(Promise)
  expect(await ask('{}')).toMatchObject({ status: 200 })
  expect(await ask('{"slots":"live"}')).toMatchObject({ status: 400 })
})
