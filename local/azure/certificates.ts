// The certificate authority of the stand-in: made at first start, kept for a few days, trusted only by whoever is given
// its file. The server's own certificate is made anew at each start and never written down.

import 'reflect-metadata' // @peculiar/x509 expects it
import { createPrivateKey, X509Certificate as NodeCertificate, randomUUID, webcrypto } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import { join } from 'node:path'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { codeOf } from '../error-code.ts'
import { clouds } from './clouds.ts'
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
 * Makes a certificate. Safe to repeat: an authority in the folder is used again while it lasts.
 *
 * @param folder Where the authority is kept: `ca-key.pem` (mode 0600) is its certificate and key, `ca.pem` the
 *   certificate alone. It is made if it does not exist.
 * @param hosts What it is for: names, and addresses of IPv4. Default: the served hosts of the public cloud.
 */
export async function makeServerCertificate(
  folder: string,
  now: number = Date.now(),
  hosts: readonly string[] = servedHosts(clouds.public),
): Promise<ServerCertificate> {
  const authority = await authorityIn(folder, now)
  const caFile = join(folder, 'ca.pem')
  await replaceFile(caFile, `${authority.certificate.toString('pem')}\n`, 0o644)
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
      new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: isIPv4(value) ? 'ip' : 'dns', value }))),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  })
  return { key: await exportKey(keys.privateKey), cert: certificate.toString('pem'), caFile }
}

/** The authority of the folder. Of several starts that find none there, one makes it and the others take that. */
async function authorityIn(folder: string, now: number): Promise<Authority> {
  const file = join(folder, 'ca-key.pem')
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const kept = await readText(file)
    const authority = kept === undefined ? undefined : await parseAuthority(kept, now)
    if (authority) return authority
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if (kept !== undefined && kept === (await readText(file))) await rm(file, { force: true })
    await createFile(file, await makeAuthority(now), 0o600)
  }
  throw new Error(`${file} cannot be read: remove it`)
}

/** @returns Certificate and private key in one text, so that no reader ever sees those of two authorities. */
async function makeAuthority(now: number): Promise<string> {
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
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return `${certificate.toString('pem')}\n${await exportKey(keys.privateKey)}`
}

/** Answers nothing for whatever cannot be used: no certificate, about to expire, or the key of another one. */
async function parseAuthority(text: string, now: number): Promise<Authority | undefined> {
  try {
    const privateKey = createPrivateKey(text)
    const plain = new NodeCertificate(text)
    const certificate = new X509Certificate(plain.toString())
    if (certificate.notAfter.getTime() - now < leastLifeMs) return undefined
    if (!plain.checkPrivateKey(privateKey)) return undefined
    const der = privateKey.export({ format: 'der', type: 'pkcs8' })
    return { certificate, key: await subtle.importKey('pkcs8', der, algorithm, false, ['sign']) }
  } catch {
    return undefined
  }
}

const readText = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined)

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await subtle.exportKey('pkcs8', key))
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString()
}

/** Whoever reads the file at the same time sees the old text or the new one. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  await rename(await draftOf(file, text, mode), file)
}

/** Makes the file as a whole; where there is one by now, that one stays. */
async function createFile(file: string, text: string, mode: number): Promise<void> {
  const draft = await draftOf(file, text, mode)
  try {
    await link(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function draftOf(file: string, text: string, mode: number): Promise<string> {
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, text, { mode, flag: 'wx' })
  return draft
}
