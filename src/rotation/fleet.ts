// Which accounts are ours to look after, and under which name and terms.

import { type AccountId, sameId } from '../common/account.ts'
import { AppError } from '../common/errors.ts'
import type { Tags } from '../common/record.ts'
import { forEach } from './fleet-each.ts'
import type { Terms } from './plan.ts'
import type { Account, AiAccounts } from './ports.ts'

export interface FleetSettings {
  readonly subscriptions: readonly string[]
  /** Accounts to look after whether or not they carry the tag. */
  readonly accounts: readonly AccountId[]
  /** Lower-case ARM id to secret name. */
  readonly secretNames: ReadonlyMap<string, string>
  /** Lower-case ARM id to the name of a secret that this account may take over from somebody else. */
  readonly takeOver: ReadonlyMap<string, string>
  /** Lower-case ARM ids of accounts that may be used without keys. */
  readonly keylessAccounts: ReadonlySet<string>
  readonly publisher: string
  readonly skewMs: number
}

/**
 * The name of an account's secret, and of the account to its callers: the settings' choice, else the tag
 * `keystile-secret`, else the account's name with `-` for what a secret's name cannot hold. Lower case.
 */
export function secretNameOf(settings: FleetSettings, id: AccountId, tags: Tags): string {
  const chosen = settings.secretNames.get(id.id.toLowerCase()) ?? tags['keystile-secret'] ?? id.name
  return chosen.replaceAll(/[^0-9a-zA-Z-]/g, '-').toLowerCase()
}

export function termsOf(settings: FleetSettings, id: AccountId, tags: Tags): Terms {
  const named = settings.accounts.some((account) => sameId(account.id, id.id))
  const subscribed = settings.subscriptions.some((subscription) => subscription === id.subscription.toLowerCase())
  return {
    enrolled: named || (subscribed && isTagged(tags)),
    publisher: settings.publisher,
    // Both must fit: a tag can name any secret, and must not be able to take one over.
    takeOver: settings.takeOver.get(id.id.toLowerCase()) === secretNameOf(settings, id, tags),
    keyless: settings.keylessAccounts.has(id.id.toLowerCase()),
    skewMs: settings.skewMs,
  }
}

/** A tag opts in; what the identity may do there, a role assignment decides. */
const isTagged = (tags: Tags): boolean => ['rotate', 'hold'].includes(tags.keystile?.toLowerCase() ?? '')

export interface Discovery {
  readonly accounts: readonly Account[]
  /** What could not be looked at, with the reason; the rest is complete. */
  readonly failed: readonly Failure[]
}

/** A subscription that could not be listed, or one account named by the settings that could not be read. */
export interface Failure {
  readonly subscription: string
  /** ARM id. */
  readonly account?: string
  readonly reason: string
}

/** Lists the fleet. A subscription or account that refuses stops only itself. */
export async function discover(deps: { accounts: AiAccounts; settings: FleetSettings }): Promise<Discovery> {
  const { accounts, settings } = deps
  const found = new Map<string, Account>()
  const failed: Failure[] = []
  const named = new Set(settings.accounts.map(({ id }) => id.toLowerCase()))
  const attempt = async (place: Omit<Failure, 'reason'>, work: () => Promise<string | undefined>) => {
    try {
      const reason = await work()
      if (reason !== undefined) failed.push({ ...place, reason })
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      failed.push({ ...place, reason: error.message })
    }
  }
  const keep = (account: Account) => void found.set(account.id.toLowerCase(), account)
  await forEach(settings.subscriptions, (subscription) =>
    attempt({ subscription }, async () => {
      for await (const account of accounts.list(subscription))
        if (isTagged(account.tags) || named.has(account.id.toLowerCase())) keep(account)
      return undefined
    }),
  )
  const missing = settings.accounts.filter(({ id }) => !found.has(id.toLowerCase()))
  await forEach(missing, (id) =>
    attempt({ subscription: id.subscription, account: id.id }, async () => {
      const answer = await accounts.get(id)
      if (answer.kind === 'found') keep(answer.account)
      return answer.kind === 'found' ? undefined : answer.kind
    }),
  )
  return { accounts: [...found.values()], failed }
}
