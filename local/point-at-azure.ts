// Points this process at the stand-in, as an app's environment does for a process that starts with it.

import { readFile } from 'node:fs/promises'
import http from 'node:http'
import tls from 'node:tls'

/** @returns a function that undoes it. */
export async function pointAtAzure(at: { readonly proxyUrl: string; readonly caFile: string }): Promise<() => void> {
  const trusted = tls.getCACertificates('default')
  tls.setDefaultCACertificates([await readFile(at.caFile, 'utf8')])
  const restoreProxy = http.setGlobalProxyFromEnv({ HTTPS_PROXY: at.proxyUrl, NO_PROXY: '127.0.0.1,localhost' })
  return () => {
    restoreProxy()
    tls.setDefaultCACertificates(trusted)
  }
}
