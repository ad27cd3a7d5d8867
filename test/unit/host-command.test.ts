// What the local commands say when something is wrong.

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expectInstalled, expectListener, explain } from '../../local/command.ts'

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('a refused connection says where, and what to do about it', async () => {
  const port = await freePort()
  const error = await fetch(`http://127.0.0.1:${port}/`).catch((thrown: unknown) => thrown)
  expect(explain(error)).toBe(`nothing answers at 127.0.0.1:${port}: is \`npm start\` running?`)
})

test('a place where nobody listens is told by its name, too', async () => {
  const port = await freePort()
  await expect(expectListener(`http://127.0.0.1:${port}/`, 'the vendor')).rejects.toThrow(
    new Error(`nothing answers at 127.0.0.1:${port}, the vendor: is \`npm start\` running?`),
  )
})

test('a package that is not installed is told with the command that installs it', () => {
  expect(() => expectInstalled('keystile-no-such-package')).toThrow(
    new Error(
      'keystile-no-such-package is not among our dependencies: `npm install --no-save keystile-no-such-package` first',
    ),
  )
  expect(() => expectInstalled('zod')).not.toThrow()
})

test.each([
  [new Error('what happened', { cause: new Error('why') }), 'what happened'],
  ['a text', 'a text'],
])('any other error is its message', (error, line) => {
  expect(explain(error)).toBe(line)
})

const FLAGS = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON']
const run = (script: string, args: readonly string[]) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [...FLAGS, script, ...args], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
  })

test.each([
  ['local/vend.ts', [], 'name one account'],
  ['local/vend.ts', ['speech-west', 'vision-west'], 'name one account'],
  ['local/vend.ts', ['speech-west', '--unknown'], "Unknown option '--unknown'"],
  ['local/vend.ts', ['speech-west', '--as'], "Option '--as <value>' argument missing"],
  ['local/token.ts', ['app-all', 'operator'], 'name one caller at most'],
  ['local/token.ts', ['--unknown'], "Unknown option '--unknown'"],
  ['local/start.ts', ['--unknown'], "Unknown option '--unknown'"],
  ['local/start.ts', ['more'], "Unexpected argument 'more'"],
  ['local/demo/main.ts', ['--unknown'], "Unknown option '--unknown'"],
  ['local/demo/main.ts', ['more'], "Unexpected argument 'more'"],
])('%s %j is refused with one line and exit code 1', async (script, args, says) => {
  const { code, stderr } = await run(script, args)
  expect(code).toBe(1)
  expect(stderr).toContain(says)
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
})

test.each([
  ['local/start.ts', '--help', 'usage: npm start'],
  ['local/demo/main.ts', '-h', 'usage: npm run demo'],
  ['local/soak/main.ts', '--help', 'usage: npm run soak'],
  ['local/vend.ts', '-h', 'usage: npm run -s vend'],
  ['local/token.ts', '--help', 'usage: npm run -s token'],
  ['local/example.ts', '-h', 'usage: npm run -s example'],
  ['ops/smoke.ts', '--help', 'usage: npm run smoke'],
  ['ops/poison.ts', '-h', 'usage: npm run poison'],
])('%s %s says how it is used, in a few lines, and does nothing', async (script, option, says) => {
  const { code, stdout, stderr } = await run(script, [option])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain(says)
  expect(stdout.trimEnd().split('\n').length).toBeLessThan(4)
})
