// The certificate authority of the stand-in: made at first start, kept for a few days, trusted only by whoever is given
// its file. The server's own certificate is made anew at each start and never written down.

import 'reflect-metadata' // @peculiar/x509 expects it
import { createPrivateKey, X509Certificate as NodeCertificate, randomUUID, webcrypto } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { servedHosts } from './served-hosts.ts'

const { subtle } = webcrypto
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const hourMs = 3_600_000
const lifeMs = 7 * 24 * hourMs
/** An authority with less than this left is made anew, so that a day's work does not end in the middle. */
const leastLifeMs = 24 * hourMs

interface Authority {
  readonly certificate: X509Certificate
  readonly key: webcrypto.CryptoKey
}

export interface ServerCertificate {
  /** PEM, for the TLS server only. */
  readonly key: string
  readonly cert: string
  /** What NODE_EXTRA_CA_CERTS and `curl --cacert` get. */
  readonly caFile: string
}

/**
 * Makes a certificate for all served hosts. Safe to repeat: an authority in the folder is used again while it lasts.
 *
 * @param folder Where `ca.pem` and `ca-key.pem` (mode 0600) are kept. It is made if it does not exist.
 */
export async function makeServerCertificate(folder: string, now: number = Date.now()): Promise<ServerCertificate> {
  const caFile = join(folder, 'ca.pem')
  const keyFile = join(folder, 'ca-key.pem')
  const authority = (await readAuthority(caFile, keyFile, now)) ?? (await makeAuthority(folder, caFile, keyFile, now))
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.create({
    subject: 'CN=Keystile stand-in for Azure',
    issuer: authority.certificate.subject,
    notBefore: new Date(now - hourMs),
    notAfter: authority.certificate.notAfter,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(servedHosts.map((value) => ({ type: 'dns', value }))),
    ],
  })
  return { key: await exportKey(keys.privateKey), cert: certificate.toString('pem'), caFile }
}

async function makeAuthority(folder: string, caFile: string, keyFile: string, now: number): Promise<Authority> {
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Keystile local authority (not for production)',
    notBefore: new Date(now - hourMs),
    notAfter: new Date(now + lifeMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await replaceFile(keyFile, await exportKey(keys.privateKey), 0o600)
  await replaceFile(caFile, `${certificate.toString('pem')}\n`, 0o644)
  return { certificate, key: keys.privateKey }
}

/** Answers nothing for whatever cannot be used: absent, about to expire, or a key of another certificate. */
async function readAuthority(caFile: string, keyFile: string, now: number): Promise<Authority | undefined> {
  try {
    const pem = await readFile(caFile, 'utf8')
    const privateKey = createPrivateKey(await readFile(keyFile))
    const certificate = new X509Certificate(pem)
    if (certificate.notAfter.getTime() - now < leastLifeMs) return undefined
    if (!new NodeCertificate(pem).checkPrivateKey(privateKey)) return undefined
    await chmod(keyFile, 0o600)
    const der = privateKey.export({ format: 'der', type: 'pkcs8' })
    return { certificate, key: await subtle.importKey('pkcs8', der, algorithm, false, ['sign']) }
  } catch {
    return undefined
  }
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await subtle.exportKey('pkcs8', key))
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString()
}

/** Whoever reads the file at the same time sees the old text or the new one. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, text, { mode, flag: 'wx' })
  await rename(draft, file)
}
