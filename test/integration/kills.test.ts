// SIGKILL of the rotator's process at any moment while twenty accounts rotate: whoever reads the newest version holds a
// working key all along, and the next process finishes the work. KEYSTILE_TEST_KILLS and KEYSTILE_TEST_SEED say how
// often and when; `npm run test:kill` kills a hundred times.

import { killPolicy, killSeed, killSwitches } from '../support/kills-fleet.ts'
import { runKills, type Told } from '../support/kills-run.ts'
import { steps } from '../support/kills-trails.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

const KILLS = Number(process.env.KEYSTILE_TEST_KILLS ?? 10)
const SEED = Number(process.env.KEYSTILE_TEST_SEED ?? 1)

jest.setTimeout(300_000 + KILLS * 15_000)

let stack: TestStack
let told: Told

beforeAll(async () => {
  stack = await startTestStack({ seed: killSeed(), rotator: killPolicy, azure: { switches: killSwitches } })
  told = await runKills(stack, { seed: SEED, kills: KILLS })
  process.stdout.write(`${describeRun(told)}\n`)
})
afterAll(() => stack?.close())

const isMidway = (step: string) => step === 'regenerated' || step === 'proving'
const midwayKills = ({ cut }: Told) => cut.filter((each) => each.some(isMidway)).length

function describeRun(run: Told): string {
  const { kills, used, cut, quarantines, expired, landedLate, rotations, seconds } = run
  const all = cut.flat()
  const counts = steps.map((step) => `${step} ${all.filter((each) => each === step).length}`)
  return [
    `${kills} kills (seed ${SEED}): ${all.length} runs cut short (${counts.join(', ')})`,
    `${midwayKills(run)} kills between a regenerate and its publish`,
    `${landedLate} regenerates landed after their sender's death`,
    `${quarantines} quarantines, ${expired} leases that expired`,
    `${rotations} rotations`,
    `${used.calls} calls, ${used.tokens} vends, ${used.failures.length} failed`,
    `every account rotated again within ${seconds.toFixed(1)} s`,
  ].join('; ')
}

test('no call of an application or of a caller failed', () => {
  expect(told.used.failures).toEqual([])
  expect(told.used.calls).toBeGreaterThan(100 * KILLS)
  expect(told.used.tokens).toBeGreaterThan(10 * KILLS)
})

test('no key was published before its service accepted it', () => {
  expect(told.early).toEqual([])
})

test('kills cut runs short, also between a regenerate and its publish', () => {
  expect(told.cut.length).toBe(KILLS)
  expect(told.cut.flat().length).toBeGreaterThanOrEqual(KILLS)
  expect(midwayKills(told)).toBeGreaterThanOrEqual(1)
})

test('in a hundred kills a regenerate lands after its sender’s death', () => {
  expect(told.landedLate).toBeGreaterThanOrEqual(KILLS >= 100 ? 1 : 0)
})

test('a lease that was left behind, broken or expired, is followed by a quarantine before anything is read or written', () => {
  expect(told.hasty).toEqual([])
  expect(told.quarantines).toBeGreaterThanOrEqual(KILLS)
  expect(told.expired).toBeGreaterThanOrEqual(1)
})

test('all twenty accounts are healthy right after the last kill, and when they have rotated once more', () => {
  expect(told.complaints).toEqual({ atOnce: [], atTheEnd: [] })
  // 15 seconds as a rule. A write that a slow machine gives up leaves its lease behind, and that takes a minute to end.
  expect(told.seconds).toBeLessThan(240)
})

test('operators see twenty managed accounts and nothing amiss', () => {
  expect(told.states).toEqual(
    Array.from({ length: 20 }, (_, index) => `kill-${String(index).padStart(2, '0')} managed`),
  )
})
