// Which accounts are ours to look after, and under which name and terms.

import { type AccountId, parseAccountId, sameId } from '../common/account.ts'
import { AppError } from '../common/errors.ts'
import type { Tags } from '../common/record.ts'
import type { Terms } from './plan.ts'
import type { Account, AiAccounts, CheckMessage, Outbox } from './ports.ts'

export interface FleetSettings {
  readonly subscriptions: readonly string[]
  /** Accounts to look after whether or not they carry the tag. */
  readonly accounts: readonly AccountId[]
  /** Lower-case ARM id to secret name. */
  readonly secretNames: ReadonlyMap<string, string>
  /** Names of secrets that may be taken over from somebody else. */
  readonly takeOver: ReadonlySet<string>
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
    takeOver: settings.takeOver.has(secretNameOf(settings, id, tags)),
    keyless: settings.keylessAccounts.has(id.id.toLowerCase()),
    skewMs: settings.skewMs,
  }
}

/** A tag opts in; what the identity may do there, a role assignment decides. */
const isTagged = (tags: Tags): boolean => ['rotate', 'hold'].includes(tags.keystile?.toLowerCase() ?? '')

export interface Discovery {
  readonly accounts: readonly Account[]
  /** Subscriptions that could not be listed, with the reason; the others are complete. */
  readonly failed: readonly { readonly subscription: string; readonly reason: string }[]
}

/** Lists the fleet. A subscription or account that refuses stops only itself. */
export async function discover(deps: { accounts: AiAccounts; settings: FleetSettings }): Promise<Discovery> {
  const found = new Map<string, Account>()
  const failed: { subscription: string; reason: string }[] = []
  const attempt = async (subscription: string, work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      failed.push({ subscription, reason: error.message })
    }
  }
  const keep = (account: Account) => found.set(account.id.toLowerCase(), account)
  const list = async (subscription: string) => {
    for await (const account of deps.accounts.list(subscription)) if (isTagged(account.tags)) keep(account)
  }
  const get = async (id: AccountId) => {
    const answer = await deps.accounts.get(id)
    if (answer.kind === 'found') keep(answer.account)
  }
  await Promise.all(deps.settings.subscriptions.map((subscription) => attempt(subscription, () => list(subscription))))
  const missing = deps.settings.accounts.filter(({ id }) => !found.has(id.toLowerCase()))
  await Promise.all(missing.map((id) => attempt(id.subscription, () => get(id))))
  return { accounts: [...found.values()], failed }
}

/** Asks for one check per account of the fleet. */
export const askForChecks =
  (deps: { accounts: AiAccounts; settings: FleetSettings; checks: Outbox<CheckMessage> }) =>
  async (): Promise<Discovery> => {
    const discovery = await discover(deps)
    await Promise.all(discovery.accounts.map(({ id }) => deps.checks.send({ account: id })))
    return discovery
  }

/** Finds the account that a message means: an ARM id at once, the name of a secret by looking through the fleet. */
export const findAccount =
  (deps: { accounts: AiAccounts; settings: FleetSettings }) =>
  async (named: { readonly account: string } | { readonly secret: string }): Promise<AccountId | undefined> => {
    if ('account' in named) return parseAccountId(named.account)
    const { accounts } = await discover(deps)
    return accounts.find((account) => secretNameOf(deps.settings, account, account.tags) === named.secret)
  }
