// The schemas of answers say what the domain's types say, no more and no less: the compiler refuses this file otherwise.

import type { z } from 'zod'
import type { revokeBody } from '../../src/functions/schemas/bodies.ts'
import { type plan, planAnswer } from '../../src/functions/schemas/plan.ts'
import type { notPossibleReason } from '../../src/functions/schemas/problem.ts'
import type { accountStatus, fleetStatus } from '../../src/functions/schemas/status.ts'
import type { Plan } from '../../src/rotation/plan.ts'
import type { Asked, Doomed } from '../../src/rotation/requests.ts'
import type { AccountStatus, FleetStatus } from '../../src/rotation/status.ts'

/** What JSON makes of a value: instants are text. Nothing is read-only, so that types are compared by what they hold. */
type Json<T> = T extends Date ? string : T extends object ? { -readonly [K in keyof T]: Json<T[K]> } : T

/** Both ways, optional members included: `{ a?: string }` and `{}` fit each other and are not the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

const same: {
  accountStatus: Same<Json<z.output<typeof accountStatus>>, Json<AccountStatus>>
  fleetStatus: Same<Json<z.output<typeof fleetStatus>>, Json<FleetStatus>>
  plan: Same<Json<z.output<typeof plan>>, Json<Plan>>
  revoke: Same<z.output<typeof revokeBody>['slots'], Doomed>
  notPossible: Same<z.output<typeof notPossibleReason>, Extract<Asked, { kind: 'not-possible' }>['reason']>
  optionalMembersCount: Same<{ a?: string }, Record<never, never>>
} = {
  accountStatus: true,
  fleetStatus: true,
  plan: true,
  revoke: true,
  notPossible: true,
  optionalMembersCount: false,
}

test('the compiler agrees', () => expect(Object.values(same)).toHaveLength(6))

test.each<Plan>([
  { kind: 'skip', reason: 'bad-policy', detail: 'grace' },
  { kind: 'skip', reason: 'held' },
  { kind: 'keyless' },
  { kind: 'done' },
  { kind: 'revoke', slot: 'key1', publish: true },
  { kind: 'publish-existing', why: 'tie', slots: ['key1', 'key2'], notBefore: new Date('2026-02-01T12:00:00Z') },
  { kind: 'wait', why: 'grace', until: new Date('2026-02-01T12:00:00Z') },
  { kind: 'publish', slot: 'key2', why: 'resume' },
  { kind: 'rotate', slot: 'key2' },
])('the plan $kind is answered as its schema says', (each) => {
  const sent = JSON.parse(JSON.stringify({ plan: each }))
  expect(planAnswer.parse(sent)).toEqual(sent)
})
