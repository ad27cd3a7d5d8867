// Every answer of our apps that a test file fetches is held to the document, without a word in the tests.

import { expectDocumented, type Role } from './openapi.ts'

/** @param roles by origin; an app that is not in there may serve anything. @returns takes it back. */
export function watchAnswers(roles: Readonly<Record<string, Role>> = {}): () => void {
  const plain = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    const answer = await plain(input, init)
    const { hostname, origin, pathname } = new URL(input instanceof Request ? input.url : input)
    if (hostname !== '127.0.0.1' || !pathname.startsWith('/api/')) return answer
    const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase()
    const { status, headers } = answer
    const text = await answer.clone().text()
    expectDocumented({ method, path: pathname, status, headers, text, role: roles[origin] })
    return answer
  }
  return () => {
    globalThis.fetch = plain
  }
}
