// One run of the real executor: every port is a question to the world, and every await is the world's to end.

import { AppError } from '../../../src/common/errors.ts'
import type { Secret } from '../../../src/common/secret.ts'
import { checkAccount } from '../../../src/rotation/check-account.ts'
import type { Request } from '../../../src/rotation/plan.ts'
import type { LeaseAnswer, SecretState, Verdict } from '../../../src/rotation/ports.ts'
import type { Candidate, Proof } from '../../../src/rotation/prove.ts'
import { putBack } from '../../../src/rotation/put-back.ts'
import type { CheckDeps, Report } from '../../../src/rotation/run.ts'
import { account, accountId, terms } from '../rotation.ts'
import type { Answer, Call, Ending, Surroundings } from './calls.ts'
import { pairOf, TIME, version } from './material.ts'

/** One way of making the executor: as it is, or with a rule removed. */
export interface Make {
  readonly checkAccount: typeof checkAccount
  readonly alter: (deps: CheckDeps) => CheckDeps
}

export const asItIs: Make = { checkAccount, alter: (deps) => deps }

/** One run of the executor whose every await is ours. */
export class Run {
  around: Surroundings = { now: 0, leaseHolds: true }
  /** What was looked at since the last answer. */
  looked: Partial<Record<'now', number> & Record<'leaseHolds', boolean>> = {}
  state: { readonly call: Call | undefined; readonly end: Ending | undefined } = { call: undefined, end: undefined }
  readonly #request: Request
  readonly #make: Make
  #resume: (given: Answer) => void = () => undefined
  #arrived: () => void = () => undefined
  /** An error that is not one of Azure's: the search itself is wrong, or the executor is. */
  #broke: (error: unknown) => void = () => undefined
  #abandoned = false

  constructor(request: Request, make: Make) {
    this.#request = request
    this.#make = make
  }

  start(now: number): Promise<void> {
    this.around = { now, leaseHolds: true }
    const arrived = this.#arrival()
    const run = this.#make.checkAccount(this.#make.alter(this.#deps()))(accountId(), this.#request)
    run.then(
      (report) => this.#finish(report),
      (error) => this.#fail(error),
    )
    return arrived
  }

  answer(given: Answer & Surroundings): Promise<void> {
    this.around = { now: given.now, leaseHolds: given.leaseHolds }
    this.looked = {}
    const arrived = this.#arrival()
    this.#resume(given)
    return arrived
  }

  #now(): number {
    this.looked.now = this.around.now
    return this.around.now
  }

  #leaseHolds(): boolean {
    this.looked.leaseHolds = this.around.leaseHolds
    return this.around.leaseHolds
  }

  #arrival(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#arrived = resolve
      this.#broke = reject
    })
  }

  #finish({ outcome }: Report) {
    const again = putBack(outcome, this.#request, 0, new Date(this.around.now)) !== undefined
    this.#end({ outcome, abandoned: this.#abandoned, again })
  }

  #fail(error: unknown) {
    if (!(error instanceof AppError)) return this.#broke(error)
    this.#end({ outcome: undefined, abandoned: this.#abandoned, again: true })
  }

  #end(end: Ending) {
    this.state = { call: undefined, end }
    this.#arrived()
  }

  async #ask(call: Call): Promise<Answer> {
    this.state = { call, end: undefined }
    this.#arrived()
    const answer = await new Promise<Answer>((resolve) => {
      this.#resume = resolve
    })
    if (answer.kind === 'lost' && call.kind !== 'judge') throw new AppError('upstream_unreachable', 'lost')
    return answer
  }

  async #askFor<Kind extends Answer['kind']>(call: Call, kind: Kind): Promise<Extract<Answer, { kind: Kind }>> {
    const answer = await this.#ask(call)
    if (answer.kind !== kind) throw new Error(`${answer.kind} is no answer to ${call.kind}`)
    return answer as Extract<Answer, { kind: Kind }>
  }

  #deps(): CheckDeps {
    const judge = async (key: Secret): Promise<Verdict> => {
      const answer = await this.#ask({ kind: 'judge', key: key.reveal() })
      if (answer.kind !== 'verdict') return { kind: 'unknown', reason: 'timeout' }
      return { kind: answer.accepted ? 'accepted' : 'refused' }
    }
    return {
      accounts: {
        async *list() {},
        get: async () => ({ kind: 'found', account: account() }),
        listKeys: async () => ({ kind: 'keys', keys: pairOf((await this.#askFor({ kind: 'listKeys' }, 'keys')).keys) }),
        regenerate: async (_id, slot) => pairOf((await this.#askFor({ kind: 'regenerate', slot }, 'keys')).keys),
      },
      store: {
        read: async (): Promise<SecretState> => {
          const { versions } = await this.#askFor({ kind: 'read' }, 'versions')
          return { kind: 'versions', versions: versions.map((index) => version(index).seen) }
        },
        publish: async (_name, { value, tags }) => {
          await this.#askFor({ kind: 'publish', value: value.reveal(), tags }, 'ok')
        },
        recover: () => Promise.reject(new Error('nothing is ever deleted here')),
      },
      lease: { acquire: () => this.#acquire() },
      clock: {
        now: () => new Date(this.#now()),
        elapsed: () => 0,
        sleep: async (ms) => {
          if (ms > 0) await this.#askFor({ kind: 'sleep', ms }, 'ok')
        },
      },
      prove: (candidate) => proveOnce(judge, candidate),
      policy: {
        rotateEveryMs: TIME.rotateEvery,
        graceMs: TIME.grace,
        minGraceMs: 0,
        minRotateEveryMs: 0,
        maxRotateEveryMs: Number.POSITIVE_INFINITY,
      },
      mode: 'apply',
      timing: { writeDeadlineMs: 1, quarantineMs: TIME.quarantine, beginWithinMs: 1 },
      checkEveryMs: 1,
      termsOf: () => ({ ...terms, skewMs: 0 }),
      secretNameOf: () => 'speech-west',
    }
  }

  async #acquire(): Promise<LeaseAnswer> {
    const { clean } = await this.#askFor({ kind: 'acquire' }, 'held')
    return {
      kind: 'held',
      clean,
      lease: {
        until: () => (this.#leaseHolds() ? Number.POSITIVE_INFINITY : 0),
        release: async (note) => {
          await this.#askFor({ kind: 'release', note: textOf(note) }, 'ok')
        },
        abandon: () => {
          this.#abandoned = true
        },
      },
    }
  }
}

/** What of a note bears on what becomes of the message. */
function textOf(note: object): string {
  const { kind, reason, regenerated } = ((note as { outcome?: object }).outcome ?? {}) as Record<string, unknown>
  return `${kind} ${reason} ${regenerated}`
}

/** One exchange is enough here: whether three are asked for is not a question of interleavings. */
async function proveOnce(judge: (key: Secret) => Promise<Verdict>, { key, other }: Candidate): Promise<Proof> {
  const verdict = await judge(key)
  if (verdict.kind === 'accepted') return { kind: 'accepted' }
  if (verdict.kind === 'unknown') return verdict
  const sibling = await judge(other)
  return sibling.kind === 'accepted' ? { kind: 'rejected' } : { kind: 'unknown', reason: 'both-refused' }
}
