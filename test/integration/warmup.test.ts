// A platform that adds an instance lets it warm up before it sends requests: the first of them finds everything loaded.

import { startApp } from '../../local/app-process.ts'
import { startTestAzure } from '../support/azure.ts'
import { afterFirstVend, chunksIn, tellChunks, whenReady } from '../support/bundle.ts'
import { until } from '../support/stack.ts'

jest.setTimeout(60_000)

test('a warm-up loads all that a first vend needs, and asks Azure for nothing', async () => {
  const azure = await startTestAzure()
  const lines: string[] = []
  const vendor = await startApp({
    name: 'vendor',
    port: 0,
    env: {
      ...azure.env('vendor'),
      NODE_OPTIONS: `--import ${tellChunks}`,
      FUNCTIONS_WORKER_RUNTIME: 'node',
      AzureWebJobsStorage__accountName: 'host',
      KEYSTILE_ROLE: 'vendor',
      KEYSTILE_VAULT_URL: 'https://keystile-local.vault.azure.net',
      KEYSTILE_TENANT_ID: '7e4a4700-0000-4000-8000-000000000001',
      KEYSTILE_AUDIENCES: 'api://keystile',
    },
    onLine: (line) => void lines.push(line),
  })
  try {
    expect(chunksIn(lines)).toEqual(whenReady)
    // There is nothing to listen for, and nothing to warn of.
    expect(lines.filter((line) => /nothing listens for/.test(line))).toEqual([])
    const begun = await fetch(`${vendor.url}/admin/functions/warmup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect(begun.status).toBe(202)
    await until('it is done', () => lines.find((line) => line.includes("Executed 'Functions.warmup' (Succeeded")))
    expect(chunksIn(lines)).toEqual(afterFirstVend)
    expect(azure.journal.since(0).entries.map(({ route }) => route)).toEqual([])
  } finally {
    await vendor.close()
    await azure.close()
  }
})
