// The host names that the stand-in answers for: what its certificate says and what its proxy lets through.

import type { CloudHosts } from './clouds.ts'

/** As in a certificate, `*` stands for exactly one label. */
export const servedHosts = (cloud: CloudHosts): readonly string[] => [
  cloud.arm,
  cloud.login,
  cloud.issuerV1,
  `*.${cloud.keyVault}`,
  cloud.cognitive,
  `*.${cloud.cognitive}`,
  cloud.translator,
  `*.tts.${cloud.speech}`,
  `*.${cloud.subDomain}`,
]

export function isServed(cloud: CloudHosts, host: string): boolean {
  const name = host.toLowerCase()
  const anyFirst = `*.${name.split('.').slice(1).join('.')}`
  const hosts = servedHosts(cloud)
  return hosts.includes(name) || hosts.includes(anyFirst)
}
