// Who uses the accounts while the rotator is killed: applications that read their key, and callers with vended tokens.

import { runCaller } from '../../local/demo/consumers.ts'
import type { Stack } from '../../local/stack.ts'
import { startConsumers } from './faults-consumers.ts'
import { GRACE_MS } from './kills-fleet.ts'

const PACE_MS = 400
const REGION = 'westus2'

export interface Used {
  /** Calls of the services, accepted or not. */
  readonly calls: number
  readonly tokens: number
  /** Every call that was refused, and every read or vend that failed. */
  readonly failures: readonly string[]
}

/** Every account has one application that reads before each call, one that keeps its key for all of grace, and a caller. */
export async function startCallers({ azure, vendor }: Stack): Promise<{ stop(): Promise<Used> }> {
  const { seed } = azure.world
  const { token } = await azure.entra.mint({ kind: 'identity', identity: 'app', resource: 'https://vault.azure.net' })
  const stopping = new AbortController()
  const registration = registrationOf(azure)
  const places = seed.accounts.map(({ name, kind }) => ({ name, kind, region: REGION }))
  const readers = places.map(({ name, ...service }) =>
    startConsumers({ token, secret: name, service, holdMs: [0, GRACE_MS], paceMs: PACE_MS }),
  )
  const callers = places
    .filter(({ kind }) => kind !== 'ComputerVision')
    .map((target) => {
      const tally = { vends: 0, calls: 0, failures: [] as string[] }
      const consumer = { target, tally, paceMs: PACE_MS, signal: stopping.signal }
      return { target, tally, ended: runCaller(consumer, vendor.url, registration) }
    })
  return {
    async stop() {
      stopping.abort()
      const read = await Promise.all(readers.map((reader) => reader.stop()))
      await Promise.all(callers.map(({ ended }) => ended))
      const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
      const refused = read.flatMap((each, index) => each.refused.map((why) => `${places[index]?.name}: ${why}`))
      const failed = callers.flatMap(({ target, tally }) => tally.failures.map((why) => `${target.name}: ${why}`))
      return {
        calls: sum(read.map(({ calls }) => calls)) + refused.length + sum(callers.map(({ tally }) => tally.calls)),
        tokens: sum(callers.map(({ tally }) => tally.vends)),
        failures: [...refused, ...failed],
      }
    },
  }
}

function registrationOf({ world: { seed }, clientSecret }: Stack['azure']) {
  const caller = seed.callers.find(({ name }) => name === 'app-all')
  if (!caller) throw new Error('the seed has no caller app-all')
  const { tenantId, api } = seed
  return { tenantId, audience: api.appIdUri, clientId: caller.clientId, clientSecret: clientSecret(caller.name) }
}
