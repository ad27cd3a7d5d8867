// The JSON of an account (contract A2). What the account does not have is absent, as on Azure.

import { createHash } from 'node:crypto'
import type { CloudHosts } from '../clouds.ts'
import { regionOf } from '../keys.ts'
import type { Account } from '../world.ts'

export function accountBody(cloud: CloudHosts, account: Account) {
  const { id, name, location, kind, sku, tags, customSubDomain, disableLocalAuth, provisioningState } = account
  const createdAt = new Date(account.createdAt).toISOString()
  const digest = createHash('sha256').update(id.toLowerCase()).digest('hex')
  return {
    id,
    name,
    type: 'Microsoft.CognitiveServices/accounts',
    etag: `"${digest.slice(0, 8)}-0000-0500-0000-${digest.slice(8, 20)}"`,
    location,
    kind,
    sku: { name: sku },
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    systemData: {
      createdBy: 'owner@example.com',
      createdByType: 'User',
      createdAt,
      lastModifiedBy: 'owner@example.com',
      lastModifiedByType: 'User',
      lastModifiedAt: createdAt,
    },
    properties: {
      endpoint: endpointOf(cloud, account),
      endpoints: endpointsOf(cloud, account),
      provisioningState,
      internalId: digest.slice(0, 32),
      dateCreated: createdAt,
      isMigrated: false,
      callRateLimit: { rules: [] },
      capabilities: [],
      ...(customSubDomain === undefined ? {} : { customSubDomainName: customSubDomain }),
      ...(disableLocalAuth === undefined ? {} : { disableLocalAuth }),
    },
  }
}

function endpointOf(cloud: CloudHosts, account: Account): string {
  const { customSubDomain, kind } = account
  const region = regionOf(account)
  if (customSubDomain !== undefined) return `https://${customSubDomain}.${cloud.subDomain}/`
  if (region !== 'global') return `https://${region}.${cloud.cognitive}/`
  if (kind === 'TextTranslation') return `https://${cloud.translator}/`
  return `https://${cloud.cognitive}/`
}

/** Display names, not a contract: only a few that were seen. */
function endpointsOf(cloud: CloudHosts, account: Account): Record<string, string> {
  const region = regionOf(account)
  const own = endpointOf(cloud, account)
  switch (account.kind) {
    case 'SpeechServices':
      return {
        'Speech Services Speech to Text (Standard)': `https://${region}.stt.${cloud.speech}`,
        'Speech Services Text to Speech (Neural)': `https://${region}.tts.${cloud.speech}`,
      }
    case 'ComputerVision':
      return { 'Computer Vision': own, Container: own }
    default:
      return { Container: own }
  }
}
