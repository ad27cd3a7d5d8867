// Starts the Azurite of this project's dependencies: blobs, queues and tables on loopback, for one local run or test.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { bindToLoopback } from './bind.ts'
import { endChild, endWithParent, isRunning } from './end-with-parent.ts'

export interface AzuriteOptions {
  /** Where the data is kept. Without it, it lives in memory and ends with the process. */
  readonly folder?: string
  /** Loopback ports; each one that is not given is a free one. */
  readonly ports?: { readonly blob?: number; readonly queue?: number; readonly table?: number }
  /**
   * PEM files of a certificate for 127.0.0.1 and its key: https instead of http, and Entra tokens are taken, too. Their
   * audience, issuer and times are looked at; neither signature nor role.
   */
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
}

export interface Azurite {
  /** For AzureWebJobsStorage and the storage clients. Holds the well-known key of the development account. */
  readonly connectionString: string
  readonly blobUrl: string
  readonly queueUrl: string
  readonly tableUrl: string
  readonly process: ChildProcess
  /** Ends the process. May be called more than once. */
  close(): Promise<void>
}

/** Public: every copy of the emulator has this account and key. */
const ACCOUNT = 'devstoreaccount1'
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** Azurite waits for every open connection, which may be for ever. */
const END_LIMIT_MS = 2_000
const START_LIMIT_MS = 20_000
const SERVICES = ['Blob', 'Queue', 'Table'] as const
type Service = (typeof SERVICES)[number]

/**
 * Starts Azurite with this Node and waits until all three services listen.
 *
 * @throws When a port is taken (the message names it), or Azurite ends or does not listen within 20 seconds.
 */
export async function startAzurite({ folder, ports = {}, tls }: AzuriteOptions = {}): Promise<Azurite> {
  const wanted = [ports.blob ?? 0, ports.queue ?? 0, ports.table ?? 0]
  for (const port of wanted) await refuseTaken(port)
  const [blob, queue, table] = wanted
  const args = ['--silent', '--skipApiVersionCheck', '--disableTelemetry']
  args.push('--blobPort', `${blob}`, '--queuePort', `${queue}`, '--tablePort', `${table}`)
  args.push(...(folder === undefined ? ['--inMemoryPersistence'] : ['--location', folder]))
  if (tls) args.push('--oauth', 'basic', '--cert', tls.certFile, '--key', tls.keyFile)
  const azurite = createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js')
  const child = spawn(process.execPath, ['--import', endWithParent(END_LIMIT_MS), azurite, ...args], {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: a Ctrl-C is for the parent, which ends Azurite when nobody needs it any more.
    detached: true,
  })
  const close = async () => {
    if (folder !== undefined || !isRunning(child)) return endChild(child, END_LIMIT_MS)
    // Nothing to save: no reason to wait until every connection is closed.
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  try {
    const urls = await untilListening(child)
    const account = (service: Service) => `${urls.get(service)}/${ACCOUNT}`
    const [blobUrl, queueUrl, tableUrl] = [account('Blob'), account('Queue'), account('Table')]
    const endpoints = `BlobEndpoint=${blobUrl};QueueEndpoint=${queueUrl};TableEndpoint=${tableUrl};`
    const connectionString = `DefaultEndpointsProtocol=${tls ? 'https' : 'http'};AccountName=${ACCOUNT};AccountKey=${KEY};${endpoints}`
    return { connectionString, blobUrl, queueUrl, tableUrl, process: child, close }
  } catch (err) {
    await close()
    throw err
  }
}

async function untilListening(child: ChildProcess): Promise<ReadonlyMap<Service, string>> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<Service, string>>()
  const urls = new Map<Service, string>()
  let output = ''
  const read = (chunk: Buffer) => {
    if (urls.size === SERVICES.length) return
    output += chunk
    for (const service of SERVICES) {
      const url = new RegExp(`Azurite ${service} service is successfully listening at (\\S+)`).exec(output)?.[1]
      if (url !== undefined) urls.set(service, url)
    }
    if (urls.size === SERVICES.length) resolve(urls)
  }
  // Read to the end: a full pipe would stop Azurite.
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)
  child.once('error', reject)
  child.once('exit', (code) => reject(new Error(`Azurite ended with ${code} while it started: ${output.trim()}`)))
  const late = setTimeout(() => reject(new Error('Azurite does not listen after 20 s')), START_LIMIT_MS)
  try {
    return await promise
  } finally {
    clearTimeout(late)
  }
}

/** @param port 0 is never taken. */
async function refuseTaken(port: number): Promise<void> {
  const probe = createServer()
  try {
    await bindToLoopback(probe, port)
  } catch {
    throw new Error(`port ${port}, which Azurite was to have, is in use`)
  }
  probe.close()
  await once(probe, 'close')
}
