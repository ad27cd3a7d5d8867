// The host names of one Azure cloud, and the addresses that are built from them. Nothing else in the app builds one.

/**
 * Bare host names, without a leading dot. They are chosen together: nothing that is for one cloud is sent to another.
 * Azure Storage is not among them, since the host's own settings give its addresses.
 */
export interface Cloud {
  /** What the setting `AZURE_CLOUD` says. */
  readonly name: 'public' | 'usgov' | 'china'
  /** Azure Resource Manager, and with `https://` in front the resource that its tokens are for. */
  readonly arm: string
  readonly login: string
  /** Issuer of v1 tokens (contract E1). */
  readonly loginV1Issuer: string
  /** Vaults are `{vault}.{zone}`, and their tokens are for `https://{zone}`. */
  readonly keyVault: string
  /** Accounts of a region are at `{region}.{host}`. Only the public cloud documents accounts at the host itself. */
  readonly cognitive: string
  /** Also, with `https://` in front, the resource of tokens that are shown in place of a key. */
  readonly customSubDomain: string
  readonly translator: string
}

/*
 * Sources. ARM: Azure/azure-sdk-for-rust, azure_core/src/constants.rs; @azure/arm-cognitiveservices asks for tokens of
 * `{endpoint}/.default`. Login: AuthorityMetadata of @azure/msal-common, whose network host for China is the one here
 * (`login.chinacloudapi.cn` is its older alias), and whose v2 issuers are these hosts. v1 issuers:
 * learn.microsoft.com/answers/questions/1190472, and com.azure.spring's AADJwtIssuerValidator for China. Key Vault:
 * Azure/azure-cli, azure/cli/core/cloud.py, `keyvault_dns`. Cognitive, custom subdomain and Translator:
 * learn.microsoft.com/azure/ai-services, translator/sovereign-clouds and speech-service/sovereign-clouds, for the US
 * Government; docs.azure.cn/ai-services/translator/sovereign-clouds for China.
 */

export const publicCloud: Cloud = {
  name: 'public',
  arm: 'management.azure.com',
  login: 'login.microsoftonline.com',
  loginV1Issuer: 'sts.windows.net',
  keyVault: 'vault.azure.net',
  cognitive: 'api.cognitive.microsoft.com',
  customSubDomain: 'cognitiveservices.azure.com',
  translator: 'api.cognitive.microsofttranslator.com',
}

/** Azure Government. Its v1 tokens are issued under the public cloud's name. */
export const usGovCloud: Cloud = {
  name: 'usgov',
  arm: 'management.usgovcloudapi.net',
  login: 'login.microsoftonline.us',
  loginV1Issuer: 'sts.windows.net',
  keyVault: 'vault.usgovcloudapi.net',
  cognitive: 'api.cognitive.microsoft.us',
  customSubDomain: 'cognitiveservices.azure.us',
  translator: 'api.cognitive.microsofttranslator.us',
}

/** Azure operated by 21Vianet. */
export const chinaCloud: Cloud = {
  name: 'china',
  arm: 'management.chinacloudapi.cn',
  login: 'login.partner.microsoftonline.cn',
  loginV1Issuer: 'sts.chinacloudapi.cn',
  keyVault: 'vault.azure.cn',
  cognitive: 'api.cognitive.azure.cn',
  customSubDomain: 'cognitiveservices.azure.cn',
  translator: 'api.translator.azure.cn',
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

/** True for `https://{vault}.{zone}` of this cloud, with nothing behind it. */
export function isVaultUrl(cloud: Cloud, text: string): boolean {
  const [, name, zone] = /^https:\/\/([^./]+)\.([^/]+)\/?$/.exec(text) ?? []
  return name !== undefined && LABEL.test(name) && zone === cloud.keyVault
}
