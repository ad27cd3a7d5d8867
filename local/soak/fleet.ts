// What the soak runs with: sixteen accounts on a policy of seconds, thirty-two callers, and what all that stands for.

import { type Seed, seedSchema } from '../azure/seed.ts'
import seedFile from '../seed.json' with { type: 'json' }

export const CALLERS = 32

/**
 * Ten minutes in Azure. Not scaled: a vendor waits 10 s for an answer, remembers for up to 7.5 s that there was none, and
 * gives no token that ends in less than 5 s. All of that has room in the half of a life that is left when it renews.
 */
export const TOKEN_SECONDS = 48
/** A replaced key outlives every token that was had with it. */
export const SLOW_SECONDS = TOKEN_SECONDS + 3
const QUICK_SECONDS = 3
/** Of each, some: in one half of the fleet a token dies with its key, in the other it does not (nobody knows). */
const EACH = 8

export const SCALED = [
  `a token lives ${TOKEN_SECONDS} s for 10 min`,
  `accounts rotate every ${QUICK_SECONDS} s where a token outlives its key, every ${SLOW_SECONDS} s where it does not, for 30 days`,
  `grace is ${QUICK_SECONDS - 1} s and ${SLOW_SECONDS} s, for 2 days`,
  'checks come each second, for an hour',
]

export const rotatorPolicy = {
  KEYSTILE_SCHEDULE: '* * * * * *',
  KEYSTILE_ROTATE_EVERY: `PT${SLOW_SECONDS}S`,
  KEYSTILE_GRACE: `PT${SLOW_SECONDS}S`,
  KEYSTILE_MIN_GRACE: 'PT1S',
  KEYSTILE_MIN_ROTATE_EVERY: 'PT1S',
  KEYSTILE_CLOCK_SKEW: 'PT0S',
  KEYSTILE_PROOF_SPACING: 'PT0S',
  KEYSTILE_PROOF_WINDOW: 'PT5S',
  KEYSTILE_SETTLE: 'PT1S',
  KEYSTILE_WRITE_DEADLINE: 'PT2S',
  KEYSTILE_QUARANTINE: 'PT4S',
}

/** As on a small instance: what is not needed is soon given back. */
const HEAP = { NODE_OPTIONS: '--max-old-space-size=256 --max-semi-space-size=1' }
/** Bounds on callers are tested elsewhere. */
const UNBOUNDED = { KEYSTILE_RATE_PER_MINUTE: '999999', KEYSTILE_RATE_BURST: '999999', KEYSTILE_MAX_IN_FLIGHT: '9999' }

export const rotatorSettings = { ...rotatorPolicy, ...UNBOUNDED, ...HEAP }
export const vendorSettings = { ...UNBOUNDED, ...HEAP }

export const switches = (seed: Seed) => ({
  tokenSeconds: TOKEN_SECONDS,
  propagationSeconds: 0.2,
  tokensDieWithKey: seed.accounts.map(({ name }) => name).filter(isSlow),
})

/** An account whose tokens die with their key. */
export const isSlow = (name: string): boolean => name.startsWith('slow-')

export const placeOf = ({ name, kind }: Seed['accounts'][number]) => ({ name, kind, region: REGION })

const REGION = 'westus2'
const KINDS = ['SpeechServices', 'SpeechServices', 'TextTranslation', 'CognitiveServices']

export function soakSeed(): Seed {
  const seed = seedSchema.parse(seedFile)
  const [home] = seed.subscriptions
  if (!home) throw new Error('the seed has no subscription')
  const scope = `/subscriptions/${home.id}`
  const grants = ['subscriptions', 'accounts', 'vault'].map((part) => ({ scope, role: `rotator.${part}` }))
  const quick = { 'keystile-rotate-every': `PT${QUICK_SECONDS}S`, 'keystile-grace': `PT${QUICK_SECONDS - 1}S` }
  const accounts = Array.from({ length: 2 * EACH }, (_, at) => {
    const name = `${at < EACH ? 'quick' : 'slow'}-${at % EACH}`
    return {
      subscription: home.id,
      resourceGroup: 'ai',
      name,
      kind: KINDS[at % KINDS.length] ?? 'SpeechServices',
      sku: 'S0',
      location: REGION,
      // A host of its own, so that its token service can fail alone.
      customSubDomain: name,
      tags: { keystile: 'rotate', ...(isSlow(name) ? {} : quick) },
      provisioningState: 'Succeeded',
      keyLength: 84 as const,
    }
  })
  const callers = Array.from({ length: CALLERS }, (_, at) => ({
    name: `caller-${at}`,
    clientId: `ca11e400-0000-4000-9000-0000000000${at.toString(16).padStart(2, '0')}`,
    objectId: `ca11e40b-0000-4000-9000-0000000000${at.toString(16).padStart(2, '0')}`,
    roles: ['Token.Issue'],
  }))
  const identities = seed.identities.map((each) => (each.name === 'rotator' ? { ...each, grants } : each))
  return { ...seed, subscriptions: [home], accounts, callers, identities }
}
