// What vending costs upstream, counted on the wire, and what a vendor loads for it: a slow machine changes neither.

import { type AppOptions, startApp } from '../../local/app-process.ts'
import { afterFirstVend, chunksIn, tellChunks, whenReady } from '../support/bundle.ts'
import { callsSince, journalEnd } from '../support/calls.ts'
import { startAdoptedStack, type TestStack, until } from '../support/stack.ts'

jest.setTimeout(120_000)

let stack: TestStack
let authorization: string

beforeAll(async () => {
  stack = await startAdoptedStack()
  // It asks the token service, too. From here on every call is a vendor's.
  await stack.rotator.close()
  authorization = `Bearer ${(await stack.azure.entra.mint({ kind: 'app', caller: 'app-all' })).token}`
})
afterAll(() => stack?.close())

interface Asking {
  readonly vend: (account: string) => Promise<void>
  /** What was answered so far, in a few words: thousands of answers are alike. */
  readonly told: () => { readonly statuses: readonly number[]; readonly tokens: number }
}

function asking(url: string): Asking {
  const statuses = new Set<number>()
  const tokens = new Set<unknown>()
  return {
    vend: async (account) => {
      const answer = await fetch(`${url}/api/accounts/${account}/token`, { method: 'POST', headers: { authorization } })
      const body: { access_token?: unknown } = JSON.parse(await answer.text())
      statuses.add(answer.status)
      tokens.add(body.access_token)
    },
    told: () => ({ statuses: [...statuses], tokens: tokens.size }),
  }
}

/** Asks a vendor of its own: one that knows nothing yet, and that nobody else asks. */
async function withFreshVendor(
  work: (asked: Asking) => Promise<void>,
  { env, onLine }: Partial<Pick<AppOptions, 'env' | 'onLine'>> = {},
): Promise<void> {
  const heard = onLine ? { onLine } : {}
  const vendor = await startApp({ name: 'fresh', port: 0, env: { ...stack.env('vendor'), ...env }, ...heard })
  try {
    await work(asking(vendor.url))
  } finally {
    await vendor.close()
  }
}

/** What the first vend of a process costs besides: keys of Entra, and a token of its identity for where the vault says. */
const FIRST = { 'entra.keysV2': 1, 'identity.token': 1, 'keyVault.getSecret 401': 1 }

test.each([
  ['has just started', undefined, { ...FIRST, 'keyVault.getSecret': 1, 'sts.issueToken': 1 }],
  ['serves another account', 'translator-north', { 'keyVault.getSecret': 1, 'sts.issueToken': 1 }],
])('256 callers at once of a vendor that %s make one read and one exchange', async (_what, other, calls) => {
  await withFreshVendor(async ({ vend, told }) => {
    if (other) await vend(other)
    const since = journalEnd(stack)
    await Promise.all(Array.from({ length: 256 }, () => vend('speech-west')))
    expect(callsSince(stack, since)).toEqual(calls)
    expect(told()).toEqual({ statuses: [200], tokens: other ? 2 : 1 })
  })
})

test('10,000 vends of two accounts make two exchanges, and a read for each account and minute', async () => {
  await withFreshVendor(async ({ vend, told }) => {
    const since = journalEnd(stack)
    const began = performance.now()
    // One after the other: whether two first reads meet would decide how often the vault asks for a token.
    await vend('speech-west')
    await vend('translator-north')
    let left = 9_998
    const caller = async () => {
      while (left > 0) {
        left -= 1
        await vend(left % 2 === 0 ? 'speech-west' : 'translator-north')
      }
    }
    await Promise.all(Array.from({ length: 32 }, caller))
    const furtherMinutes = Math.floor((performance.now() - began) / 60_000)
    const { 'keyVault.getSecret': reads, ...others } = callsSince(stack, since)
    expect(others).toEqual({ ...FIRST, 'sts.issueToken': 2 })
    expect(reads).toBeGreaterThanOrEqual(2)
    expect(reads).toBeLessThanOrEqual(2 + 2 * furtherMinutes)
    expect(told()).toEqual({ statuses: [200], tokens: 2 })
  })
})

test('a vendor loads what the budgets of the build count, and no more', async () => {
  const lines: string[] = []
  const work = async ({ vend }: Asking) => {
    expect(chunksIn(lines)).toEqual(whenReady)
    await vend('speech-west')
    // Written after all that was loaded for it.
    await until('the vend is told of', () =>
      lines.find((line) => /request \{"what":"issueToken".*"result":"granted"/.test(line)),
    )
    expect(chunksIn(lines)).toEqual(afterFirstVend)
  }
  const env = { NODE_OPTIONS: `--import ${tellChunks}` }
  await withFreshVendor(work, { env, onLine: (line) => void lines.push(line) })
})
