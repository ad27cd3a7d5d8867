// One look at an account: its newest record, and a token for the key that this names where there is none yet.

import { hasTokenService } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import { type Cloud, serviceEndpoint } from '../common/cloud.ts'
import { unreachable } from '../common/errors.ts'
import type { AskForCheck } from './ask-sparingly.ts'
import type { Source } from './cached-token.ts'
import type { IssuedToken, IssueRefusal } from './issued-token.ts'
import type {
  ExchangeAnswer,
  PublishedKey,
  RecordAnswer,
  RecordedAccount,
  RecordReader,
  TokenService,
  VendingEvent,
} from './ports.ts'

/** `unchanged`: the token at hand is still the one to give. */
export type Looked =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'token'; readonly issued: IssuedToken; readonly source: Source }
  | { readonly kind: 'refused'; readonly code: Exclude<IssueRefusal, Trouble['code']> }
  | Trouble

/** What operators want to know; the other refusals are an account's own state. */
export interface Trouble {
  readonly kind: 'refused'
  readonly code: 'token_service_unavailable' | 'key_refused'
  /** For operators; nothing secret. */
  readonly reason: string
}

/**
 * @param fresh source of the token at hand, where that is young enough to be kept.
 * @throws AppError when the vault refuses or does not answer.
 */
export type Look = (account: string, fresh: Source | undefined) => Promise<Looked>

export interface LookDeps {
  readonly records: RecordReader
  readonly tokens: TokenService
  readonly ask: AskForCheck
  readonly clock: Clock
  readonly cloud: Cloud
  /** ARM ids, lower-cased, of the accounts that may be used with our own identity. */
  readonly keyless: ReadonlySet<string>
  readonly report: (event: VendingEvent) => void
}

const KEYLESS: Source = 'keyless'

/** What one look carries from step to step. */
interface Looking extends LookDeps {
  readonly account: string
  readonly fresh: Source | undefined
}

export const lookAtAccount =
  (deps: LookDeps): Look =>
  (account, fresh) =>
    lookAtNewest({ ...deps, account, fresh }, 1)

const refuse = (code: Exclude<IssueRefusal, Trouble['code']>): Looked => ({ kind: 'refused', code })
const unavailable = (reason: string): Looked => ({ kind: 'refused', code: 'token_service_unavailable', reason })

/**
 * A key that is refused was replaced a moment ago, or has not reached every instance of the service (contract C5), or
 * was broken by hand: it is read and tried a second time before it is given up. So is one that met a passing 403: the
 * key before it may be regenerated at any time, and its token die with it.
 */
async function lookAtNewest(looking: Looking, attempt: 1 | 2): Promise<Looked> {
  const answer = await looking.records.newest(looking.account)
  if (answer.kind !== 'record') return withoutKey(looking, answer)
  const tried = await tryKey(looking, answer.record)
  if (typeof tried === 'object') return tried
  return attempt === 1 ? lookAtNewest(looking, 2) : failOver(looking, answer.record, tried)
}

/** Why a key gave no token: it is not accepted, or for a reason that may have nothing to do with it (403). */
type Unusable = 'refused' | 'forbidden'

/** The published key is of no use: somebody broke it. An older one may be, until the rotator has repaired it. */
async function failOver(looking: Looking, newest: PublishedKey, why: Unusable): Promise<Looked> {
  const { account, records, report } = looking
  const { providerAddress, fingerprint } = newest
  // Nobody waits for the queue: whether it works must not decide whether a working key is found.
  void looking.ask(account, { account: providerAddress })
  const found = await records.another(account, providerAddress, fingerprint).catch(() => 'unknown' as const)
  if (found === 'unknown') return unavailable('older-versions-unknown')
  const tried = found === undefined ? why : await tryKey(looking, found)
  if (typeof tried === 'object') {
    if (found && tried.kind === 'token') {
      report({ kind: 'failed-over', account, refused: fingerprint, used: found.fingerprint })
    }
    return tried
  }
  return why === 'forbidden' || tried === 'forbidden'
    ? unavailable('forbidden')
    : { kind: 'refused', code: 'key_refused', reason: 'every key is refused' }
}

async function tryKey(looking: Looking, record: PublishedKey): Promise<Looked | Unusable> {
  if (record.fingerprint === looking.fresh) return { kind: 'unchanged' }
  const answer = await looking.tokens.exchange(record.place, record.key)
  const supported = hasTokenService(record.kind)
  switch (answer.kind) {
    case 'refused':
      return supported ? 'refused' : refuse('tokens_unsupported')
    case 'forbidden':
      return 'forbidden'
    default:
      return toLooked(looking, record, record.fingerprint, answer)
  }
}

async function withoutKey(looking: Looking, answer: Exclude<RecordAnswer, { kind: 'record' }>): Promise<Looked> {
  switch (answer.kind) {
    case 'absent':
      return refuse('unknown_account')
    case 'held':
      return refuse('account_held')
    case 'not-a-record':
      void looking.ask(looking.account, { secret: looking.account })
      return refuse('unknown_account')
    case 'keyless':
      return withIdentity(looking, answer.account)
    default:
      return unreachable(answer)
  }
}

/** Our own identity goes to the account's custom subdomain, and only for accounts that the settings list. */
async function withIdentity(looking: Looking, account: RecordedAccount): Promise<Looked> {
  const listed = looking.keyless.has(account.providerAddress.toLowerCase())
  if (!listed) return refuse('keyless_not_enabled')
  if (account.place.subDomain === undefined) return refuse('keyless_not_enabled')
  if (looking.fresh === KEYLESS) return { kind: 'unchanged' }
  const answer = await looking.tokens.exchangeIdentity(account.place)
  // A role takes minutes to arrive (contract C6): that is no final answer.
  const refused = answer.kind === 'refused' || answer.kind === 'forbidden'
  return refused ? unavailable('our own identity is refused') : toLooked(looking, account, KEYLESS, answer)
}

function toLooked(
  { cloud, clock }: LookDeps,
  { place, kind }: RecordedAccount,
  source: Source,
  answer: Exclude<ExchangeAnswer, { kind: 'refused' | 'forbidden' }>,
): Looked {
  switch (answer.kind) {
    case 'unsupported':
      return hasTokenService(kind) ? unavailable('no token service there') : refuse('tokens_unsupported')
    case 'unknown':
      return unavailable(answer.reason)
    case 'token': {
      const endpoint = serviceEndpoint(cloud, place, kind)
      if (endpoint === undefined) return refuse('unknown_account')
      const { token, expiresAt } = answer
      const refreshAfter = refreshTime(clock.now(), expiresAt)
      return { kind: 'token', source, issued: { token, expiresAt, refreshAfter, region: place.region, endpoint } }
    }
    default:
      return unreachable(answer)
  }
}

const REFRESH_AHEAD_MS = 2 * 60_000

/** Two minutes before the end, as Microsoft advises for a token of ten (contract C3); a fifth of a shorter life. */
function refreshTime(issuedAt: Date, expiresAt: Date): Date {
  const life = expiresAt.getTime() - issuedAt.getTime()
  return new Date(expiresAt.getTime() - Math.min(REFRESH_AHEAD_MS, life / 5))
}
