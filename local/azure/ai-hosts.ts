// Where an Azure AI services account can be reached, and what its kind can do there (contract A2 and C1).

import { type CloudHosts, cloudOf, hostPattern } from './clouds.ts'
import { regionOf } from './keys.ts'
import { type Call, Refusal } from './wire.ts'
import type { Account, World } from './world.ts'

/** The place that a host name stands for. A custom subdomain belongs to one account, the others to many. */
export type Place =
  | { readonly kind: 'global' }
  | { readonly kind: 'regional'; readonly region: string }
  | { readonly kind: 'subdomain'; readonly account: Account }

export const regionalOrSubdomain = ({ cognitive, subDomain }: CloudHosts): RegExp =>
  hostPattern(`*.${cognitive}`, `*.${subDomain}`)
export const globalOrRegionalOrSubdomain = ({ cognitive, subDomain }: CloudHosts): RegExp =>
  hostPattern(cognitive, `*.${cognitive}`, `*.${subDomain}`)

/** Reads a host of the two patterns above. A subdomain that nobody has would not resolve: @throws Refusal 404 */
export function placeOf(world: World, { host }: Pick<Call, 'host'>): Place {
  const { cognitive } = cloudOf(world.seed)
  if (host === cognitive) return { kind: 'global' }
  const name = host.slice(0, host.indexOf('.'))
  if (host.endsWith(`.${cognitive}`)) return { kind: 'regional', region: name }
  for (const account of world.accounts.values()) {
    if (account.customSubDomain?.toLowerCase() === name) return { kind: 'subdomain', account }
  }
  throw new Refusal({ status: 404, body: `no account has the custom subdomain ${name}` })
}

/** Whether the account answers at this place. An account with a subdomain keeps its regional address for keys. */
export function livesAt(account: Account, place: Place): boolean {
  switch (place.kind) {
    case 'global':
      return regionOf(account) === 'global'
    case 'regional':
      return regionOf(account) === place.region && place.region !== 'global'
    case 'subdomain':
      return account === place.account
  }
}

const multiService = ['CognitiveServices', 'AIServices']

export const hasSts = ({ kind }: Account): boolean => isTranslator({ kind }) || isSpeech({ kind })
export const isTranslator = ({ kind }: Pick<Account, 'kind'>): boolean =>
  [...multiService, 'TextTranslation'].includes(kind)
export const isSpeech = ({ kind }: Pick<Account, 'kind'>): boolean => [...multiService, 'SpeechServices'].includes(kind)
export const isVision = ({ kind }: Pick<Account, 'kind'>): boolean =>
  ['CognitiveServices', 'ComputerVision'].includes(kind)
