// The Azurite that local runs and tests start: its ports, its data, and that it does not outlive its parent.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { QueueClient } from '@azure/storage-queue'
import { startAzurite } from '../../local/azurite.ts'
import { eventually } from '../support/host.ts'

const folder = mkdtempSync(join(tmpdir(), 'keystile-azurite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('data in a folder is there again after a restart; a taken port is named', async () => {
  const first = await startAzurite({ folder })
  await new QueueClient(first.connectionString, 'kept').create()
  const port = Number(new URL(first.queueUrl).port)
  await expect(startAzurite({ ports: { queue: port } })).rejects.toThrow(
    `port ${port}, which Azurite was to have, is in use`,
  )
  await first.close()
  await first.close()
  const second = await startAzurite({ folder, ports: { queue: port } })
  expect(new URL(second.queueUrl).port).toBe(String(port))
  expect(await new QueueClient(second.connectionString, 'kept').exists()).toBe(true)
  await second.close()
})

test('it ends when its parent is killed', async () => {
  const script = `
    import { startAzurite } from ${JSON.stringify(resolve(__dirname, '../../local/azurite.ts'))}
    console.log((await startAzurite()).process.pid)`
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = Number(String((await once(parent.stdout, 'data'))[0]))
  expect(process.kill(pid, 0)).toBe(true)
  parent.kill('SIGKILL')
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'))
})
