// Serves examples/browser on loopback, with a setup of this run in place of the one that signs a person in with MSAL.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { type Listening, listen } from '../../local/azure/listen.ts'

const root = new URL('../../', import.meta.url)

const files: Readonly<Record<string, readonly [path: string, type: string]>> = {
  '/': ['examples/browser/index.html', 'text/html; charset=utf-8'],
  '/page.mjs': ['examples/browser/page.mjs', 'text/javascript'],
  '/client.js': ['dist/client/index.js', 'text/javascript'],
}

export interface PageServer extends Listening {
  readonly origin: string
  /** Where the vendor is, and who the next bearer is for. */
  readonly setup: { vendorUrl: string; bearer: (scopes: unknown) => Promise<string> }
}

export async function startPageServer(): Promise<PageServer> {
  const setup: PageServer['setup'] = { vendorUrl: '', bearer: () => Promise.reject(new Error('not set up')) }

  async function answer(path: string, body: string): Promise<readonly [type: string, content: string]> {
    if (path === '/setup.mjs') return ['text/javascript', setupModule(setup.vendorUrl)]
    if (path === '/bearer') {
      const answer = { token: await setup.bearer(JSON.parse(body)), expiresOnTimestamp: Date.now() + 3_600_000 }
      return ['application/json', JSON.stringify(answer)]
    }
    const [file, type] = files[path] ?? []
    if (file === undefined || type === undefined) throw new Error('no such file')
    return [type, await readFile(fileURLToPath(new URL(file, root)), 'utf8')]
  }

  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    try {
      const [type, content] = await answer(request.url ?? '', body)
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(content)
    } catch {
      response.writeHead(404).end()
    }
  })
  const listening = await listen(server, 'page server')
  return { ...listening, origin: `http://127.0.0.1:${listening.port}`, setup }
}

/** As examples/browser/setup.mjs; the bearer comes from the stand-in. */
const setupModule = (vendorUrl: string) => `
export const url = ${JSON.stringify(vendorUrl)}
export const account = 'translator-global'
export const scope = 'api://keystile/access_as_user'
export const credential = {
  async getToken(scopes) {
    const answer = await fetch('/bearer', { method: 'POST', body: JSON.stringify(scopes) })
    return answer.json()
  },
}
`
