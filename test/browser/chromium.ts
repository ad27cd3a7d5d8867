// Starts Debian's Chromium so that it reaches the stand-in and trusts its certificate, and nothing else.

import { createHash, type X509Certificate } from 'node:crypto'
import { access } from 'node:fs/promises'
import https from 'node:https'
import { TLSSocket } from 'node:tls'
import { type BrowserContext, chromium } from 'playwright-core'

export const EXECUTABLE = '/usr/bin/chromium'

/** @throws Error that says how to get it. */
export async function requireChromium(): Promise<void> {
  await access(EXECUTABLE).catch(() => {
    throw new Error(`there is no ${EXECUTABLE}: apt-get install chromium`)
  })
}

/** @param profile A folder of its own: Chromium pins certificates only there. */
export async function startChromium(profile: string, proxyUrl: string): Promise<BrowserContext> {
  const pin = await pinOf('https://api.cognitive.microsofttranslator.com/')
  return chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    args: [
      // Loopback goes past a proxy by itself, so the page and the vendor are reached directly.
      `--proxy-server=${proxyUrl}`,
      // This one key, which Node just verified under the stand-in's authority; any other certificate is an error.
      `--ignore-certificate-errors-spki-list=${pin}`,
    ],
  })
}

/** The key of the server there, as Chromium names it. @throws Error when its certificate is not to be trusted. */
async function pinOf(address: string): Promise<string> {
  const certificate = await new Promise<X509Certificate | undefined>((resolve, reject) => {
    const request = https.get(address, (answer) => {
      answer.resume()
      resolve(answer.socket instanceof TLSSocket ? answer.socket.getPeerX509Certificate() : undefined)
    })
    request.on('error', reject)
  })
  if (!certificate) throw new Error(`${address} has shown no certificate`)
  return createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')
}
