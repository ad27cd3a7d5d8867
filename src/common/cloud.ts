// The host names of one Azure cloud, and the addresses that are built from them. Nothing else in the app builds one.

/** Bare host names, without a leading dot. */
export interface Cloud {
  readonly login: string
  /** Issuer of v1 tokens (contract E1). */
  readonly loginV1Issuer: string
  readonly keyVault: string
  readonly cognitive: string
  readonly customSubDomain: string
  readonly translator: string
}

export const publicCloud: Cloud = {
  login: 'login.microsoftonline.com',
  loginV1Issuer: 'sts.windows.net',
  keyVault: 'vault.azure.net',
  cognitive: 'api.cognitive.microsoft.com',
  customSubDomain: 'cognitiveservices.azure.com',
  translator: 'api.cognitive.microsofttranslator.com',
}

/** Where an account is reached. `region` is normalised; `global` is a region of its own. */
export interface Place {
  readonly region: string
  readonly subDomain?: string
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

function accountHost(cloud: Cloud, { region, subDomain }: Place): string | undefined {
  if (subDomain !== undefined) {
    return LABEL.test(subDomain.toLowerCase()) ? `${subDomain.toLowerCase()}.${cloud.customSubDomain}` : undefined
  }
  if (region === 'global') return cloud.cognitive
  return LABEL.test(region) ? `${region}.${cloud.cognitive}` : undefined
}

/**
 * The address that exchanges a key for a token (contract C1): the custom subdomain's where there is one, else the
 * region's. Built from single DNS labels only, so that a record can never name another host.
 *
 * @returns `undefined` when a part is not a DNS label: such an account has no token service that we would trust.
 */
export function stsUrl(cloud: Cloud, place: Place): string | undefined {
  const host = accountHost(cloud, place)
  return host === undefined ? undefined : `https://${host}/sts/v1.0/issueToken`
}

/** Where a token of this account is used: what the answer of a vend calls `endpoint`. */
export function serviceEndpoint(cloud: Cloud, place: Place, kind: string): string | undefined {
  const host =
    kind === 'TextTranslation' && place.subDomain === undefined ? cloud.translator : accountHost(cloud, place)
  return host === undefined ? undefined : `https://${host}/`
}

/** True for `https://{vault}.vault.azure.net` of this cloud, with nothing behind it. */
export function isVaultUrl(cloud: Cloud, text: string): boolean {
  const [, name, zone] = /^https:\/\/([^./]+)\.([^/]+)\/?$/.exec(text) ?? []
  return name !== undefined && LABEL.test(name) && zone === cloud.keyVault
}
