// A stand-in of its own for each contract suite of Key Vault, the STS and the data plane, and short ways to look at it.

import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import type { FaultInput } from '../../local/azure/faults.ts'
import type { Account, Entry, Switches, World } from '../../local/azure/world.ts'
import { startTestAzure, type TestAzure } from '../support/azure.ts'
import { sceneSeed } from './scene-seed.ts'

/** Starts before the tests of the file and ends after them; use it inside tests and hooks only. */
export function useAzure() {
  let started: TestAzure | undefined
  const azure = (): TestAzure => {
    if (!started) throw new Error('the stand-in runs only while tests do')
    return started
  }
  beforeAll(async () => {
    started = await startTestAzure({ seed: sceneSeed, identity: 'officer' })
  })
  afterEach(() => azure().faults.clear())
  afterAll(() => started?.close())

  return {
    get world(): World {
      return azure().world
    },
    account(name: string): Account {
      const found = [...azure().world.accounts.values()].find((account) => account.name === name)
      if (!found) throw new Error(`the scene has no account ${name}`)
      return found
    },
    credential: (identity: string) => azure().credential(identity),
    /** A token of an identity; `more` spoils it. */
    async token(identity: string, resource: string, more: { claims?: object; lifetimeSeconds?: number } = {}) {
      const claims = { ...more.claims }
      return (await azure().entra.mint({ kind: 'identity', identity, resource, ...more, claims })).token
    },
    fault: (fault: FaultInput) => azure().breakNext(fault),
    lastEntry: (route: string): Entry | undefined => azure().world.journal.findLast((entry) => entry.route === route),
    /** Turns switches for as long as `work` takes. */
    async switchOver(change: Partial<Switches>, work: () => Promise<unknown>): Promise<void> {
      const { switches } = azure().world
      const before = { ...switches }
      Object.assign(switches, change)
      await work().finally(() => Object.assign(switches, before))
    },
    rawPost: (host: string, path: string, headers: Record<string, string>) =>
      rawPost(azure().proxyUrl, host, path, headers),
  }
}

/** A POST without Content-Length, which no HTTP client of Node sends. Answers head and body as they came. */
async function rawPost(proxyUrl: string, host: string, path: string, headers: Record<string, string>) {
  const proxy = connect(Number(new URL(proxyUrl).port), '127.0.0.1')
  proxy.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`)
  await once(proxy, 'data')
  const socket = tls.connect({ socket: proxy, servername: host })
  const lines = Object.entries({ Host: host, Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  return { head, body }
}
