// The resources of Azure that tokens may be asked for.

const azureResources = [
  'https://management.azure.com',
  'https://vault.azure.net',
  'https://cognitiveservices.azure.com',
]

/** With or without the slash at the end; `aud` then is the resource as it was asked for. */
export const isAzureResource = (resource: string): boolean => azureResources.includes(resource.replace(/\/$/, ''))
