// The regions for which Microsoft documents how Azure AI services authenticate. They decide about warnings, and about
// nothing else: the lists are years old, and tokens are exchanged in regions that are not on them.

import { hasTokenService, normaliseRegion } from './account.ts'
import type { Cloud } from './cloud.ts'

/*
 * Source of both lists (contract C8): “Authenticate requests to Azure AI services”,
 * learn.microsoft.com/azure/ai-services/authentication, as it was in 2022. They are the public cloud's.
 */

/** Where a key is documented to be exchanged for a token. */
export const TOKEN_EXCHANGE: ReadonlySet<string> = new Set([
  'australiaeast',
  'brazilsouth',
  'canadacentral',
  'centralindia',
  'eastasia',
  'eastus',
  'japaneast',
  'northeurope',
  'southcentralus',
  'southeastasia',
  'uksouth',
  'westcentralus',
  'westeurope',
  'westus',
  'westus2',
])

/** Where a key of a multi-service account is documented to be accepted. */
export const MULTI_SERVICE_AUTHENTICATION: ReadonlySet<string> = new Set([
  ...TOKEN_EXCHANGE,
  'francecentral',
  'koreacentral',
  'northcentralus',
  'southafricanorth',
  'uaenorth',
  'switzerlandnorth',
])

const MULTI_SERVICE_KINDS = new Set(['cognitiveservices', 'aiservices'])

export type RegionWarning = 'token_exchange_not_documented' | 'multi_service_not_documented'

/**
 * What is not documented for an account of that kind in that region, given in any form (`West US 2`).
 *
 * Nothing is said of a region that is not known (empty), of the other clouds, which have no such lists, and of `global`:
 * it is no region, and for it Translator documents `api.cognitive.microsoft.com`.
 */
export function regionWarnings(cloud: Cloud, account: { kind: string; region: string }): readonly RegionWarning[] {
  const region = normaliseRegion(account.region)
  if (cloud.name !== 'public' || region === '' || region === 'global') return []
  const warnings: RegionWarning[] = []
  if (hasTokenService(account.kind) && !TOKEN_EXCHANGE.has(region)) warnings.push('token_exchange_not_documented')
  if (MULTI_SERVICE_KINDS.has(account.kind.toLowerCase()) && !MULTI_SERVICE_AUTHENTICATION.has(region))
    warnings.push('multi_service_not_documented')
  return warnings
}
