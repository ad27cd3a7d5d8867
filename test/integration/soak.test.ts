// The soak as somebody runs it, for as long as CI can spare: `npm run soak -- --minutes 10` is the same for longer.

import { execFile } from 'node:child_process'
import { resolve } from 'node:path'

// A minute of trouble, and as long again for a slow machine to get there and to come to rest.
jest.setTimeout(240_000)

const MINUTES = '1'
const command = resolve(__dirname, '../../local/soak/main.ts')

const soak = (args: readonly string[]) =>
  new Promise<{ code: number | null; out: string; err: string }>((done) => {
    const child = execFile(process.execPath, [command, ...args], (_error, out, err) =>
      done({ code: child.exitCode, out, err }),
    )
  })

test('a minute of everything at once: no token fails before its end, and nobody is refused but as announced', async () => {
  const { code, out, err } = await soak(['--minutes', MINUTES, '--seed', '7'])
  process.stdout.write(`\n${out}`)
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/^seed 7; scaled: a token lives 48 s for 10 min; /)
  const count = (what: string) => Number(new RegExp(`^${what} +(\\d+)`, 'm').exec(out)?.[1])
  expect(count('vends')).toBeGreaterThan(500)
  expect(count('calls with tokens')).toBeGreaterThan(1_000)
  expect(count('faults met')).toBeGreaterThan(10)
  expect(count('broken')).toBe(0)
  expect(out).toMatch(/^by hand +.*both keys \d/m)
  expect(out).toContain('every promise was kept')
})

test('a length that is none is refused', async () => {
  expect(await soak(['--minutes', 'long'])).toEqual({
    code: 1,
    out: '',
    err: '--minutes is a number above 0, --seed a whole one\n',
  })
})
