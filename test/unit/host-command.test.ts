// What the local commands say when something is wrong.

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { explain } from '../../local/command.ts'

test('a refused connection says where, and what to do about it', async () => {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const error = await fetch(`http://127.0.0.1:${port}/`).catch((thrown: unknown) => thrown)
  expect(explain(error)).toBe(`nothing answers at 127.0.0.1:${port}: is \`npm start\` running?`)
})

test.each([
  [new Error('what happened', { cause: new Error('why') }), 'what happened'],
  ['a text', 'a text'],
])('any other error is its message', (error, line) => {
  expect(explain(error)).toBe(line)
})

const run = (script: string, args: readonly string[]) =>
  new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, [script, ...args], (error, _, stderr) => resolve({ code: error?.code, stderr }))
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
