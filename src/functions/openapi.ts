// GET /api/openapi.json: what this API is, for whoever asks. It is large and rarely asked for, so it is read then.

import { hash } from 'node:crypto'
import type { HttpHandler } from '@azure/functions'
import { endpoint } from './endpoint.ts'

/** The document changes with a deployment: an hour in anybody's cache is not too long. */
const CACHE = { 'Cache-Control': 'public, max-age=3600' }

/** Anybody may ask, so the text is made once, and not sent to who has it already. */
export function openapiHandler(read: () => Promise<object>): HttpHandler {
  let made: { readonly text: string; readonly tag: string } | undefined
  return endpoint('GET', async ({ headers }) => {
    made ??= textOf(await read())
    const { text, tag } = made
    const known = { ...CACHE, ETag: tag }
    if (names(headers.get('if-none-match') ?? '', tag))
      return { kind: 'answer', response: { status: 304 }, headers: known }
    return {
      kind: 'answer',
      response: { status: 200, body: text },
      headers: { ...known, 'Content-Type': 'application/json' },
    }
  })
}

function textOf(document: object) {
  const text = JSON.stringify(document)
  return { text, tag: `"${hash('sha256', text, 'base64url')}"` }
}

/** The weak comparison of RFC 9110: whoever compressed the answer on its way may have marked the tag. */
const names = (condition: string, tag: string): boolean =>
  condition.split(',').some((each) => ['*', tag].includes(each.trim().replace(/^W\//, '')))
