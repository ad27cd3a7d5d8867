// The clouds of Azure that the stand-in can be, and the names of their hosts: the one place where such a name is written.

export interface CloudHosts {
  readonly arm: string
  /** The older name of ARM, which tokens for it may be for as well. */
  readonly management: string
  readonly login: string
  readonly issuerV1: string
  readonly keyVault: string
  readonly cognitive: string
  readonly subDomain: string
  readonly translator: string
  /** `{region}.stt.` and `{region}.tts.` stand before it. */
  readonly speech: string
}

export const clouds = {
  public: {
    arm: 'management.azure.com',
    management: 'management.core.windows.net',
    login: 'login.microsoftonline.com',
    issuerV1: 'sts.windows.net',
    keyVault: 'vault.azure.net',
    cognitive: 'api.cognitive.microsoft.com',
    subDomain: 'cognitiveservices.azure.com',
    translator: 'api.cognitive.microsofttranslator.com',
    speech: 'speech.microsoft.com',
  },
  usgov: {
    arm: 'management.usgovcloudapi.net',
    management: 'management.core.usgovcloudapi.net',
    login: 'login.microsoftonline.us',
    issuerV1: 'sts.windows.net',
    keyVault: 'vault.usgovcloudapi.net',
    cognitive: 'api.cognitive.microsoft.us',
    subDomain: 'cognitiveservices.azure.us',
    translator: 'api.cognitive.microsofttranslator.us',
    speech: 'speech.azure.us',
  },
  china: {
    arm: 'management.chinacloudapi.cn',
    management: 'management.core.chinacloudapi.cn',
    login: 'login.partner.microsoftonline.cn',
    issuerV1: 'sts.chinacloudapi.cn',
    keyVault: 'vault.azure.cn',
    cognitive: 'api.cognitive.azure.cn',
    subDomain: 'cognitiveservices.azure.cn',
    translator: 'api.translator.azure.cn',
    speech: 'speech.azure.cn',
  },
} as const satisfies Record<string, CloudHosts>

export type CloudName = keyof typeof clouds

export const cloudNames = ['public', 'usgov', 'china'] as const satisfies CloudName[]

/** The cloud of a seed. */
export const cloudOf = ({ cloud }: { readonly cloud: CloudName }): CloudHosts => clouds[cloud]

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'

/** Fits any of these hosts as a whole; `*` stands for exactly one label. */
export const hostPattern = (...hosts: readonly string[]): RegExp =>
  new RegExp(`^(?:${hosts.map((host) => host.replaceAll('.', '\\.').replaceAll('*', label)).join('|')})$`)
