// Faults of every kind at every service, in turns: some for the rotator, some in the way of the next vend that asks.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault, FaultInput } from '../azure/faults.ts'
import type { Soak } from './soak.ts'

type Kind =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly kind: 'hang' | 'reset-before' | 'reset-after' | 'cut-body' }

const KINDS: readonly Kind[] = [
  { kind: 'status', status: 429, retryAfterSeconds: 1 },
  ...[500, 503, 401, 403].map((status): Kind => ({ kind: 'status', status })),
  ...(['hang', 'reset-before', 'reset-after', 'cut-body'] as const).map((kind): Kind => ({ kind })),
]
const ROTATOR = [
  'arm.listAccounts',
  'arm.getAccount',
  'arm.listKeys',
  'arm.regenerateKey',
  'keyVault.listVersions',
  'keyVault.setSecret',
]
const WRITES = ['arm.regenerateKey', 'keyVault.setSecret']
const VENDOR = ['sts.issueToken', 'keyVault.getSecret']
const TURN_MS = 1_000
/** A vendor has got over a fault when it has read the account's record after it, and had time to use it. */
const SETTLED_MS = 500
/** On a slow machine, too: a fault that meets the same look would be the second in a row. */
const USED_MS = 2_000

/** Until the signal: a fault for the rotator each second, whichever account meets it. */
export async function breakRotator(soak: Soak): Promise<void> {
  for await (const [route, kind] of cells(soak, ROTATOR)) {
    // Who fails over asks for versions, too.
    if (soak.busy.size > 0 && route === 'keyVault.listVersions') continue
    // The rotator waits 30 s for what it reads, and 120 s for a list: an hour has room for that, a second has not.
    if (kind.kind === 'hang' && !WRITES.includes(route)) continue
    replace(soak, isForRotator, { route, ...kind, count: kind.kind === 'hang' ? 1 : 2 })
    await sleep(TURN_MS)
  }
  spareRotator(soak)
}

/** A person is not to be hit: the keys that they break are the trouble. */
export const spareRotator = (soak: Soak): void => replace(soak, isForRotator)

/**
 * Until the signal: a fault for the next look at each account with which nothing else is the matter. A token has half of its life left when it is renewed: more failures of one account in a row than
 * fit into that would be an outage, not a fault.
 */
export async function breakVendor(soak: Soak): Promise<void> {
  const { azure, allowances, names, busy, observed, signal } = soak
  const order = cells(soak, VENDOR)
  /** Not met yet, or met at that time, in epoch milliseconds, and not got over since. */
  const given = new Map<string, number | undefined>()
  while (!signal.aborted) {
    const now = Date.now()
    const pending = azure.faults.list().filter(isForVendor).map(accountOf)
    observed.read()
    for (const [name, metAt] of given) {
      if (metAt === undefined && !pending.includes(name)) given.set(name, now)
      const readAt = observed.readAt(name)
      if (metAt !== undefined && readAt > metAt + SETTLED_MS && now > readAt + USED_MS) given.delete(name)
    }
    for (const name of names) {
      if (given.has(name) || allowances.isOpen(name) || busy.has(name)) continue
      const { value: cell } = await order.next()
      if (!cell) break
      azure.faults.add(faultFor(name, cell))
      given.set(name, undefined)
    }
    await sleep(TURN_MS / 4)
  }
  replace(soak, isForVendor)
}

function faultFor(account: string, [route, kind]: [string, Kind]): FaultInput {
  if (route === 'sts.issueToken') return { route, host: hostOf(account), ...kind }
  return { route, path: pathOf(account), ...kind, count: triesOf(kind) }
}

/** The vault's client tries a second time by itself, but for a definite no, and for what it waited for in vain. */
const triesOf = (kind: Kind): number => {
  if (kind.kind === 'status') return kind.status === 429 || kind.status >= 500 ? 2 : 1
  return kind.kind === 'hang' || kind.kind === 'cut-body' ? 1 : 2
}

const hostOf = (account: string): string => `${account}.cognitiveservices.azure.com`
const pathOf = (account: string): string => `/secrets/${account}/`
const accountOf = ({ host, path }: Fault): string => host?.split('.')[0] ?? path?.split('/')[2] ?? ''

/** Takes away what is in the way of this account's next vends. */
export const spareVendor = (soak: Soak, account: string): void =>
  replace(soak, (fault) => isForVendor(fault) && accountOf(fault) === account)

const isForVendor = ({ route }: Fault): boolean => VENDOR.includes(route)
/** Those of one account alone are somebody else's. */
const isForRotator = ({ route, path }: Fault): boolean => ROTATOR.includes(route) && path === undefined

const repairOf = (account: string): FaultInput => ({
  route: 'arm.getAccount',
  path: `/accounts/${account}`,
  kind: 'status',
  status: 503,
  retryAfterSeconds: 0,
  count: 100_000,
})

/** Keeps the rotator from the account until what it returns is called. */
export function holdUpRepair(soak: Soak, account: string): () => void {
  const isOurs = ({ path }: Fault) => path === `/accounts/${account}`
  replace(soak, isOurs, repairOf(account))
  return () => replace(soak, isOurs)
}

/** Every route with every kind, over and over, each time in another order. */
async function* cells({ random, signal }: Soak, routes: readonly string[]): AsyncGenerator<[string, Kind]> {
  const all = routes.flatMap((route) => KINDS.map((kind): [string, Kind] => [route, kind]))
  while (!signal.aborted) {
    const order = all.map((cell) => ({ cell, at: random() })).sort((a, b) => a.at - b.at)
    for (const { cell } of order) {
      if (signal.aborted) return
      yield cell
    }
  }
}

/** Takes away these, and adds. */
function replace({ azure }: Soak, these: (fault: Fault) => boolean, ...added: readonly FaultInput[]): void {
  const kept = azure.faults.list().filter((fault) => !these(fault))
  azure.faults.clear()
  for (const fault of [...kept, ...added]) azure.faults.add(fault)
}
