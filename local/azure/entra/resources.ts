// The resources of Azure that tokens may be asked for.

import type { CloudHosts } from '../clouds.ts'

const resourcesOf = ({ arm, keyVault, subDomain }: CloudHosts): readonly string[] => [
  `https://${arm}`,
  `https://${keyVault}`,
  `https://${subDomain}`,
  // The same in every cloud.
  'https://storage.azure.com',
]

/** With or without the slash at the end; `aud` then is the resource as it was asked for. */
export const isAzureResource = (cloud: CloudHosts, resource: string): boolean =>
  resourcesOf(cloud).includes(resource.replace(/\/$/, ''))
