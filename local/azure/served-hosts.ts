// The host names that the stand-in answers for: what its certificate says and what its proxy lets through.

export const servedHosts: readonly string[] = [
  'management.azure.com',
  'login.microsoftonline.com',
  'sts.windows.net',
  '*.vault.azure.net',
  'api.cognitive.microsoft.com',
  '*.api.cognitive.microsoft.com',
  'api.cognitive.microsofttranslator.com',
  '*.tts.speech.microsoft.com',
  '*.cognitiveservices.azure.com',
]

/** As in a certificate, `*` stands for exactly one label. */
export function isServed(host: string): boolean {
  const name = host.toLowerCase()
  const anyFirst = `*.${name.split('.').slice(1).join('.')}`
  return servedHosts.includes(name) || servedHosts.includes(anyFirst)
}
