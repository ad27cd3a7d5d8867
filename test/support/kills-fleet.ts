// Twenty accounts on a policy of seconds, for the rotator whose process is killed while they rotate.

import type { Seed } from '../../local/azure/seed.ts'
import type { Account } from '../../local/azure/world.ts'
import { demoSeed } from './azure.ts'
import { secondsPolicy } from './stack.ts'

export const ACCOUNTS = 20
export const GRACE_MS = 4_000
/** Between two reads of an account after a lease that was not given back. The longest write is half of it. */
export const QUARANTINE_MS = 4_000
/** Each account has an interval of its own, so that they do not rotate in step. */
const INTERVALS_SECONDS = [4, 5, 6, 7]

export const killPolicy = {
  ...secondsPolicy,
  KEYSTILE_ROTATE_EVERY: 'PT7S',
  KEYSTILE_GRACE: 'PT4S',
  KEYSTILE_PROOF_SPACING: 'PT1S',
  KEYSTILE_PROOF_WINDOW: 'PT20S',
  KEYSTILE_SETTLE: 'PT2S',
  KEYSTILE_WRITE_DEADLINE: 'PT2S',
  KEYSTILE_QUARANTINE: 'PT4S',
}

/** A new key takes a moment to be known: whoever publishes it unproved breaks its callers. */
export const killSwitches = { propagationSeconds: 0.5, tokenSeconds: 3 }

/** The last of each ten has no token service: its key is published after a settle time. */
const KINDS = [
  ...Array.from({ length: 6 }, () => 'SpeechServices'),
  ...['TextTranslation', 'TextTranslation', 'CognitiveServices', 'ComputerVision'],
]
const ROTATE_EVERY = 'keystile-rotate-every'

/** The seed of the demo with twenty accounts, which the rotator may rotate. */
export function killSeed(): Seed {
  const seed = demoSeed()
  const [home] = seed.subscriptions
  if (!home) throw new Error('the seed has no subscription')
  const scope = `/subscriptions/${home.id}`
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => ({
    subscription: home.id,
    resourceGroup: 'ai',
    name: `kill-${String(index).padStart(2, '0')}`,
    kind: KINDS[index % KINDS.length] ?? 'SpeechServices',
    sku: 'S0',
    location: 'westus2',
    tags: { keystile: 'rotate', [ROTATE_EVERY]: `PT${INTERVALS_SECONDS[index % INTERVALS_SECONDS.length]}S` },
    provisioningState: 'Succeeded',
    keyLength: 84 as const,
  }))
  const grants = ['subscriptions', 'accounts', 'vault'].map((part) => ({ scope, role: `rotator.${part}` }))
  const identities = seed.identities.map((each) => (each.name === 'rotator' ? { ...each, grants } : each))
  return { ...seed, accounts, identities }
}

/** Milliseconds from one switch until the next rotation is due. */
export const intervalOf = ({ tags }: Pick<Account, 'tags'>): number =>
  Number(/^PT(\d+)S$/.exec(tags[ROTATE_EVERY] ?? '')?.[1]) * 1_000
