// One size, in a process of its own: the memory that each account or caller takes once it is known, and the CPU time of
// a vend from the cache, over all of them at random.

import { setImmediate as turn } from 'node:timers/promises'
import { seeded } from '../../local/seeded.ts'
import { KINDS, type Size } from './sizes.ts'
import { type Ask, askFor, createVendor, type Told, told, type Vendor } from './vendor.ts'

export interface Taken {
  readonly bytesForEach: number
  /** Of a whole invocation, with the request that the worker makes, and the garbage of both. */
  readonly cpuMicrosForVend: number
  /** Of the handler alone, with the bytes of the body, and no garbage. */
  readonly cpuMicrosOfHandler: number
}

const VENDS = 30_000
const BATCH = 200
const WARM_VENDS = 5_000
const WARM: readonly Size[] = KINDS.map((kind) => ({ kind, count: 1_000 }))

const toldOf = ({ kind }: Size, at: number): Told => (kind === 'account' ? told(at, 0) : told(0, at))

/** @throws Error in a process that was not started with --expose-gc. */
async function collect(type: 'major' | 'minor'): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('start this with --expose-gc')
  // What ended leaves a finalizer, which needs a turn.
  await turn()
  globalThis.gc({ type, execution: 'sync' })
}

async function heapBytes(): Promise<number> {
  // What a finalizer lets go of is collected by the next one.
  for (let pass = 0; pass < 5; pass += 1) await collect('major')
  return process.memoryUsage().heapUsed
}

async function fill(vendor: Vendor, size: Size): Promise<void> {
  for (let at = 0; at < size.count; at += 1) {
    const { status } = await vendor.vend(askFor(toldOf(size, at)))
    if (status !== 200) throw new Error(`the first vend of ${at} was answered ${status}`)
  }
}

function vendAtOnce(vendor: Vendor, ask: Ask): void {
  const answer = vendor.vend(ask)
  if (answer instanceof Promise || answer.status !== 200) throw new Error('a vend was not answered from the cache')
  Buffer.from(String(answer.body))
}

/**
 * Over the whole size at random.
 *
 * @param prepare what is not timed, and the work that is.
 * @returns microseconds for a vend, of all threads: the clock of one thread is too coarse on some machines.
 */
async function cpuMicros(size: Size, vends: number, prepare: (batch: readonly Told[]) => Promise<() => void>) {
  const chance = seeded(20_260_201)
  let taken = 0
  for (let done = 0; done < vends; done += BATCH) {
    const batch = Array.from({ length: BATCH }, () => toldOf(size, Math.floor(chance() * size.count)))
    const work = await prepare(batch)
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    taken += user + system
  }
  return taken / vends
}

const wholeMicros = (vendor: Vendor, size: Size, vends = VENDS): Promise<number> =>
  cpuMicros(size, vends, async (batch) => {
    await turn()
    return () => {
      for (const one of batch) vendAtOnce(vendor, askFor(one))
    }
  })

const handlerMicros = (vendor: Vendor, size: Size, vends = VENDS): Promise<number> =>
  cpuMicros(size, vends, async (batch) => {
    const asks = batch.map(askFor)
    await collect('minor')
    return () => {
      for (const ask of asks) vendAtOnce(vendor, ask)
    }
  })

/** Stays, so that nothing of it is collected between two looks at the heap. */
const warm = createVendor()

/** Compiles what is measured. */
async function warmUp(): Promise<void> {
  for (const size of WARM) {
    await fill(warm, size)
    await wholeMicros(warm, size, WARM_VENDS)
    await handlerMicros(warm, size, WARM_VENDS)
  }
}

async function measure(size: Size): Promise<Taken> {
  await warmUp()
  const vendor = createVendor()
  const before = await heapBytes()
  await fill(vendor, size)
  const bytesForEach = ((await heapBytes()) - before) / size.count
  const cpuMicrosOfHandler = await handlerMicros(vendor, size)
  const cpuMicrosForVend = await wholeMicros(vendor, size)
  const { read, exchange, verify } = vendor.calls
  const [accounts, callers] = size.kind === 'account' ? [size.count, 1] : [1, size.count]
  if (read !== accounts || exchange !== accounts || verify !== callers)
    throw new Error(`not all was cached: ${read} reads, ${exchange} exchanges, ${verify} checks of a signature`)
  return { bytesForEach, cpuMicrosForVend, cpuMicrosOfHandler }
}

const [, , given] = process.argv
if (given === undefined) throw new Error('usage: measure.ts SIZE')
process.stdout.write(JSON.stringify(await measure(JSON.parse(given))))
