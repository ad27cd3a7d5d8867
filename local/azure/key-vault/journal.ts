// What the journal says of a set: whether a current key of an account was published, and whether it worked by then.

import { findKey, fingerprint, worksBy } from '../keys.ts'
import type { Answer } from '../wire.ts'
import type { World } from '../world.ts'

/** `worked: false` is a key that readers were given too early. Empty for a value that is no account's key. */
export function publication(world: World, value: string): Pick<Answer, 'details'> {
  const found = findKey(world, value)
  if (!found) return {}
  return {
    details: {
      event: 'published',
      account: found.account.name,
      slot: found.slot,
      fingerprint: fingerprint(value),
      worked: worksBy(found.key, world.now()),
    },
  }
}
