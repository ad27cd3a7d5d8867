// One look at an account: its newest record, and a token for the key that this names where there is none yet.

import { hasTokenService } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import { type Cloud, serviceEndpoint } from '../common/cloud.ts'
import { unreachable } from '../common/errors.ts'
import type { AskForCheck } from './ask-for-checks.ts'
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

/** What a token was had with: the fingerprint of a key, or no key at all. */
export type Source = string

/** `unchanged`: the token at hand is still the one to give. */
export type Looked =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'token'; readonly issued: IssuedToken; readonly source: Source }
  | { readonly kind: 'refused'; readonly code: IssueRefusal }

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

const refuse = (code: IssueRefusal): Looked => ({ kind: 'refused', code })

/**
 * A key that is refused was replaced a moment ago, or has not reached every instance of the service (contract C5), or
 * was broken by hand: it is read and tried a second time before it is given up.
 */
async function lookAtNewest(looking: Looking, time: 1 | 2): Promise<Looked> {
  const answer = await looking.records.newest(looking.account)
  if (answer.kind !== 'record') return withoutKey(looking, answer)
  const looked = await tryKey(looking, answer.record)
  return looked ?? (time === 1 ? lookAtNewest(looking, 2) : failOver(looking, answer.record))
}

/** The published key is refused: somebody broke it. An older one may still work, until the rotator has repaired it. */
async function failOver(looking: Looking, { providerAddress, fingerprint }: PublishedKey): Promise<Looked> {
  const { account, records, report } = looking
  await looking.ask(account, { account: providerAddress })
  const other = await records.another(account, providerAddress, fingerprint).catch(() => undefined)
  const looked = other && (await tryKey(looking, other))
  if (!other || !looked) return refuse('key_refused')
  if (looked.kind === 'token') report({ kind: 'failed-over', account, refused: fingerprint, used: other.fingerprint })
  return looked
}

/** `undefined` when the key is refused. */
async function tryKey(looking: Looking, record: PublishedKey): Promise<Looked | undefined> {
  if (record.fingerprint === looking.fresh) return { kind: 'unchanged' }
  const answer = await looking.tokens.exchange(record.place, record.key)
  if (answer.kind !== 'refused' && answer.kind !== 'forbidden') {
    return toLooked(looking, record, record.fingerprint, answer)
  }
  return answer.kind === 'refused' && !hasTokenService(record.kind) ? refuse('tokens_unsupported') : undefined
}

async function withoutKey(looking: Looking, answer: Exclude<RecordAnswer, { kind: 'record' }>): Promise<Looked> {
  switch (answer.kind) {
    case 'absent':
      return refuse('unknown_account')
    case 'held':
      return refuse('account_held')
    case 'not-a-record':
      await looking.ask(looking.account, { secret: looking.account })
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
  if (!listed || account.place.subDomain === undefined) return refuse('keyless_not_enabled')
  if (looking.fresh === KEYLESS) return { kind: 'unchanged' }
  const answer = await looking.tokens.exchangeIdentity(account.place)
  const refused = answer.kind === 'refused' || answer.kind === 'forbidden'
  return refused ? refuse('keyless_not_enabled') : toLooked(looking, account, KEYLESS, answer)
}

function toLooked(
  { cloud, clock }: LookDeps,
  { place, kind }: RecordedAccount,
  source: Source,
  answer: Exclude<ExchangeAnswer, { kind: 'refused' | 'forbidden' }>,
): Looked {
  switch (answer.kind) {
    case 'unsupported':
      return refuse('tokens_unsupported')
    case 'unknown':
      return refuse('token_service_unavailable')
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
