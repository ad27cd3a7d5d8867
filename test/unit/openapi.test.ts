// The description of the API, as whoever asks for it gets it.

import { HttpRequest, HttpResponse, InvocationContext } from '@azure/functions'
import { openapiHandler } from '../../src/functions/openapi.ts'

const document = { openapi: '3.1.1', paths: {} }

async function ask(handler: ReturnType<typeof openapiHandler>, headers: Record<string, string> = {}) {
  const request = new HttpRequest({ method: 'GET', url: 'https://keystile.example/api/openapi.json', headers })
  const answer = new HttpResponse(
    (await handler(request, new InvocationContext({ logHandler: () => undefined }))) as object,
  )
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

test('it is read and written out once, however often it is asked for', async () => {
  let read = 0
  let written = 0
  const toJSON = () => {
    written += 1
    return document
  }
  const handler = openapiHandler(async () => {
    read += 1
    return { toJSON }
  })
  const answers = [await ask(handler), await ask(handler), await ask(handler)]
  expect(answers.map(({ text }) => JSON.parse(text))).toEqual([document, document, document])
  expect([read, written]).toEqual([1, 1])
  expect(answers[0]?.headers.get('content-type')).toBe('application/json')
  expect(answers[0]?.headers.get('cache-control')).toBe('public, max-age=3600')
})

test('what could not be read is read again for the next one', async () => {
  const answers = [Promise.reject(new Error('not there')), Promise.resolve(document)]
  const handler = openapiHandler(async () => (await answers.shift()) ?? {})
  expect((await ask(handler)).status).toBe(500)
  expect((await ask(handler)).status).toBe(200)
})

const tag = '"wal1r_5M5qMDmjz8KAVFHyBlXAWjQk2v4LrV5yOmTpE"'

test.each([
  ['its tag', tag, 304],
  ['its tag, marked as weak by a gateway', `W/${tag}`, 304],
  ['its tag among others', `"x", ${tag}`, 304],
  ['any', '*', 304],
  ['another tag', '"x"', 200],
  ['nothing', '', 200],
])('If-None-Match names %s: %s is answered %i', async (_what, condition, status) => {
  const handler = openapiHandler(async () => document)
  const answer = await ask(handler, { 'if-none-match': condition })
  expect([answer.status, answer.headers.get('etag')]).toEqual([status, tag])
  expect(answer.text).toBe(status === 304 ? '' : JSON.stringify(document))
})
