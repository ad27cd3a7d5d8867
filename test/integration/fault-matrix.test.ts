// Each call of a rotation and of an adoption, each thing that can go wrong with it on the wire: the account is healthy
// after at most one more check, and no application ever held a dead key.

import { startTestAzure, type TestAzure } from '../support/azure.ts'
import { type Cell, cells, columns, renderMatrix, rows } from '../support/faults.ts'
import { matrixSeed, publishAll, runCell, startBench, type Told } from '../support/faults-run.ts'

jest.setTimeout(300_000)

let azure: TestAzure
const told = new Map<Cell, Told>()

beforeAll(async () => {
  // A new key takes a moment to be known: whoever publishes it at once publishes one that does not work.
  azure = await startTestAzure({ seed: matrixSeed(), switches: { propagationSeconds: 0.1 } })
  let longest: number | undefined
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(Math.min(ms, longest ?? ms)))
  const bench = await startBench(azure, (milliseconds) => {
    longest = milliseconds
  })
  await publishAll(bench)
  for (const cell of cells) told.set(cell, await runCell(bench, cell))
})
afterAll(async () => {
  jest.restoreAllMocks()
  await azure?.close()
})

const shown = ({ broken, checks }: Told): string => {
  if (broken.length > 0) return 'BROKEN'
  return checks === 1 ? 'ok' : `ok+${checks - 1}`
}

test('the matrix is whole', () => {
  const results = [...told.values()]
  const ok = results.filter(({ broken }) => broken.length === 0).length
  const calls = results.reduce((sum, each) => sum + each.calls, 0)
  const matrix = renderMatrix(new Map([...told].map(([cell, each]) => [cell, shown(each)])))
  const count = `${ok} of ${cells.length} combinations healthy after at most one more check; ${calls} calls of applications`
  process.stdout.write(`\n${matrix}\n${count}\n`)
  expect([rows.length, columns.length, cells.length]).toEqual([11, 12, 110])
  expect(told.size).toBe(110)
})

test.each(cells.map((cell): [string, string, Cell] => [cell.row.call, cell.column.name, cell]))(
  '%s × %s: healthy after at most one more check, and no application was refused',
  (_call, _fault, cell) => {
    expect(told.get(cell)?.broken).toEqual([])
  },
)

test('the faults differ: some runs need one more check, others mend themselves', () => {
  const checks = (call: string, fault: string) =>
    [...told].find(([{ row, column }]) => row.call === call && column.name === fault)?.[1].checks
  expect(checks('arm.listKeys', '429 once')).toBe(1)
  expect(checks('sts.issueToken', '429 once')).toBe(1)
  expect(checks('keyVault.setSecret', 'reset after')).toBe(1)
  expect(checks('keyVault.setSecret', 'reset before')).toBe(2)
  expect(checks('arm.regenerateKey', 'reset after')).toBe(2)
  expect(checks('arm.regenerateKey', 'lands late')).toBe(2)
})
