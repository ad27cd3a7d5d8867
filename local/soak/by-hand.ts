// A person at the keys and the secrets of accounts: what they break is repaired, and nobody is refused for it but where
// nothing is left that would work.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Account, Slot } from '../azure/world.ts'
import { count } from '../count.ts'
import { holdUpRepair, spareRotator, spareVendor } from './faults.ts'
import { isSlow, TOKEN_SECONDS } from './fleet.ts'
import type { Soak } from './soak.ts'

const ARM = 'https://management.azure.com'
const VAULT = 'https://vault.azure.net'
/** A vendor remembers a refusal for up to 7.5 s, and may have begun to look before it was repaired. */
const AFTER_MS = 10_000
const PAUSE_MS = 1_500
/** A token is renewed after half of its life, and that is when a vendor looks. */
const SEEN_WITHIN_MS = (TOKEN_SECONDS / 2) * 1_000
const REPAIRED_WITHIN_MS = 120_000

type Deed = 'live key' | 'idle key' | 'both keys' | 'disabled'
/** What each of two people does, in turn. */
export const PEOPLE: readonly (readonly Deed[])[] = [
  ['both keys', 'live key'],
  ['disabled', 'idle key'],
]

/** One deed after the other until the signal; the last is repaired before it ends. */
export async function actByHand(soak: Soak, plan: readonly Deed[]): Promise<void> {
  for (let turn = 0; !soak.signal.aborted; turn += 1) {
    const deed = plan[turn % plan.length] ?? 'idle key'
    if (await perform(soak, deed)) count(soak.deeds, deed)
    await sleep(PAUSE_MS)
  }
}

/** @returns Whether there was an account to do it to. */
async function perform(soak: Soak, deed: Deed): Promise<boolean> {
  const account = pick(soak, deed)
  if (!account) return false
  soak.busy.add(account.name)
  spareVendor(soak, account.name)
  try {
    return await performOn(soak, deed, account)
  } finally {
    soak.busy.delete(account.name)
  }
}

async function performOn(soak: Soak, deed: Deed, account: Account): Promise<boolean> {
  if (deed === 'disabled') {
    await disable(soak, account)
    return true
  }
  // Right after a publication: the other key is not about to be regenerated.
  const before = soak.observed.publishedAt(account.name)
  await waitFor(soak, () => soak.observed.publishedAt(account.name) > before, SEEN_WITHIN_MS)
  const live = liveSlot(soak, account)
  if (!live) return false
  if (deed === 'idle key') await regenerate(soak, account, live === 'key1' ? 'key2' : 'key1')
  else if (deed === 'live key') await loseLive(soak, account, live)
  else await loseBoth(soak, account)
  return true
}

/**
 * The account that a vendor will look at next. Keys whose tokens die with them are not touched: that needs no proof. A
 * version that was disabled is published anew, and its period begins again: one that rotates seldom has to come round
 * first.
 */
function pick({ observed, azure, allowances, busy }: Soak, deed: Deed): Account | undefined {
  observed.read()
  const recent = Date.now() - 8_000
  return [...azure.world.accounts.values()]
    .filter(
      ({ name }) =>
        (deed === 'disabled'
          ? !isSlow(name) || observed.rotations.has(name)
          : !isSlow(name) && observed.publishedAt(name) > recent) &&
        !allowances.isOpen(name) &&
        !busy.has(name),
    )
    .toSorted((a, b) => observed.readAt(a.name) - observed.readAt(b.name))[0]
}

/** The rotator is held up until a vendor has met the key that is gone: callers are to be served with the other one. */
async function loseLive(soak: Soak, account: Account, live: Slot): Promise<void> {
  const at = Date.now()
  const letGo = holdUpRepair(soak, account.name)
  try {
    await regenerate(soak, account, live)
    await waitFor(soak, () => soak.observed.readAt(account.name) > at, SEEN_WITHIN_MS)
    await sleep(PAUSE_MS)
  } finally {
    letGo()
  }
}

async function loseBoth(soak: Soak, account: Account): Promise<void> {
  const { allowances, outages } = soak
  const at = Date.now()
  allowances.begin(account.name, 'key_refused')
  await regenerate(soak, account, 'key1')
  await regenerate(soak, account, 'key2')
  await waitFor(soak, () => liveSlot(soak, account) !== undefined, REPAIRED_WITHIN_MS, true)
  outages.push(Date.now() - at)
  allowances.end(account.name, 'key_refused', AFTER_MS)
}

/** Somebody's emergency stop, lifted once a vendor has noticed. */
async function disable(soak: Soak, { name }: Account): Promise<void> {
  const { allowances } = soak
  const enable = (enabled: boolean) =>
    call(soak, 'PATCH', `${soak.vaultUrl}/secrets/${name}/?api-version=7.6`, VAULT, { attributes: { enabled } })
  const at = Date.now()
  allowances.begin(name, 'account_held')
  count(soak.disabled, name)
  await enable(false)
  await waitFor(soak, () => allowances.metAt(name) > at, SEEN_WITHIN_MS)
  await enable(true)
  allowances.end(name, 'account_held', AFTER_MS)
}

const regenerate = (soak: Soak, { id }: Account, slot: Slot): Promise<void> =>
  call(soak, 'POST', `${ARM}${id}/regenerateKey?api-version=2025-09-01`, ARM, {
    keyName: slot === 'key1' ? 'Key1' : 'Key2',
  })

/** The slot whose key the newest version holds. */
function liveSlot({ azure }: Soak, { id, name }: Account): Slot | undefined {
  const keys = azure.world.accounts.get(id.toLowerCase())?.keys
  const [vault] = azure.world.vaults.values()
  const newest = vault?.secrets.get(name)?.versions.at(-1)?.value
  return (['key1', 'key2'] as const).find((slot) => keys?.[slot].value === newest)
}

async function call(soak: Soak, method: string, url: string, resource: string, body: object): Promise<void> {
  const { token } = await soak.azure.entra.mint({ kind: 'identity', identity: 'human', resource })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const once = async () => {
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(1_000) })
    await answer.arrayBuffer()
    return answer.ok
  }
  do spareRotator(soak)
  while (!(await once().catch(() => false)))
}

async function waitFor(soak: Soak, done: () => boolean, limitMs: number, toTheEnd = false): Promise<void> {
  const end = Date.now() + limitMs
  while (Date.now() < end && (toTheEnd || !soak.signal.aborted)) {
    soak.observed.read()
    if (done()) return
    await sleep(20)
  }
}
