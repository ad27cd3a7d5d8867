// The way out and the certificates of the stand-in: one place to go, no other, and a CA that does not last.

import 'reflect-metadata' // @peculiar/x509 expects it
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { type AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  AuthorityKeyIdentifierExtension,
  X509Certificate as Certificate,
  SubjectKeyIdentifierExtension,
} from '@peculiar/x509'
import { makeServerCertificate } from '../../local/azure/certificates.ts'
import { clouds } from '../../local/azure/clouds.ts'
import { isServed } from '../../local/azure/served-hosts.ts'
import { startAzure } from '../../local/azure/start-azure.ts'
import { demoSeed, startTestAzure, type TestAzure } from '../support/azure.ts'

const day = 86_400_000

let azure: TestAzure

beforeAll(async () => {
  azure = await startTestAzure()
})
afterAll(() => azure.close())

/** The status with which the proxy answers a CONNECT. */
const connectTo = (target: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const { port } = new URL(azure.proxyUrl)
    const request = http.request({ host: '127.0.0.1', port, method: 'CONNECT', path: target, agent: false })
    request.on('connect', (response, socket) => {
      socket.destroy()
      resolve(response.statusCode)
    })
    request.on('error', reject)
    request.end()
  })

describe('proxy', () => {
  test.each([
    'management.azure.com:443',
    'login.microsoftonline.com:443',
    'keystile-local.vault.azure.net:443',
    'westus2.api.cognitive.microsoft.com:443',
    'api.cognitive.microsoft.com:443',
    'api.cognitive.microsofttranslator.com:443',
    'westus2.tts.speech.microsoft.com:443',
    'SPEECH-west.cognitiveservices.azure.com:443',
  ])('%s is let through', async (target) => {
    expect(await connectTo(target)).toBe(200)
  })

  test.each([
    ['example.com:443', 'another host'],
    ['management.azure.com:80', 'another port'],
    ['127.0.0.1:443', 'an address'],
    ['vault.azure.net:443', 'a wildcard without its label'],
    ['a.b.vault.azure.net:443', 'two labels for one'],
    ['management.azure.com.example.com:443', 'a served name as a part of another'],
    ['nonsense', 'no address'],
  ])('%s is refused: %s', async (target) => {
    expect(await connectTo(target)).toBe(403)
  })

  test('plain http is not forwarded', async () => {
    const { port } = new URL(azure.proxyUrl)
    const status = await new Promise((resolve, reject) => {
      const request = http.get({ host: '127.0.0.1', port, path: 'http://management.azure.com/', agent: false })
      request.on('response', (response) => resolve(response.resume().statusCode))
      request.on('error', reject)
    })
    expect(status).toBe(403)
  })

  test('every attempt is in the list of connections, with what went through', async () => {
    await fetch('https://management.azure.com/anything')
    await connectTo('egress.example.com:8443')
    expect(azure.egress).toContainEqual({
      at: expect.any(Number),
      host: 'egress.example.com',
      port: 8443,
      allowed: false,
      bytesOut: 0,
      bytesIn: 0,
    })
    const through = azure.egress.filter(({ host }) => host === 'management.azure.com')
    expect(through.some(({ allowed, bytesIn, bytesOut }) => allowed && bytesIn > 0 && bytesOut > 0)).toBe(true)
    expect(azure.lines.join('\n')).toContain('egress.example.com:8443')
  })

  test('each cloud has names of its own', () => {
    expect(isServed(clouds.usgov, 'management.usgovcloudapi.net')).toBe(true)
    expect(isServed(clouds.usgov, 'management.azure.com')).toBe(false)
    expect(isServed(clouds.china, 'contoso.vault.azure.net')).toBe(false)
  })

  test('a name is served only as a whole', () => {
    expect(isServed(clouds.public, 'x.api.cognitive.microsoft.com')).toBe(true)
    expect(isServed(clouds.public, 'xapi.cognitive.microsoft.com')).toBe(false)
    expect(isServed(clouds.public, '')).toBe(false)
  })
})

describe('start', () => {
  test('everything listens on loopback alone', async () => {
    const listen = jest.spyOn(Server.prototype, 'listen')
    const other = await startTestAzure()
    const places = listen.mock.contexts.map((server) => (server.address() as AddressInfo).address)
    listen.mockRestore()
    await other.close()
    expect(places).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1'])
  })

  test.each(['proxy', 'identity', 'control'] as const)('a taken %s port is an error that names it', async (which) => {
    const port = Number(new URL(azure.controlUrl).port)
    const start = startAzure({ seed: demoSeed(), folder: azure.folder, ports: { [which]: port } })
    await expect(start).rejects.toThrow(String(port))
  })

  test('a seed that does not fit is an error that lists every problem', async () => {
    const seed = demoSeed()
    const [rotator] = seed.identities
    rotator?.grants.push({ scope: '/subscriptions/none', role: 'rotator.everything' })
    seed.accounts.push(...seed.accounts.slice(0, 1))
    const start = startAzure({ seed, folder: azure.folder })
    await expect(start).rejects.toThrow(/rotator\.everything.*speech-west is there twice/)
  })
})

describe('a process that starts with env()', () => {
  // Nothing here names the stand-in: the environment alone leads the SDKs and fetch to it.
  const script = `
    const { DefaultAzureCredential } = require('@azure/identity')
    const { CognitiveServicesManagementClient } = require('@azure/arm-cognitiveservices')
    const { SecretClient } = require('@azure/keyvault-secrets')
    async function run([subscription, tenant]) {
      const credential = new DefaultAzureCredential()
      const accounts = new CognitiveServicesManagementClient(credential, subscription).accounts
      const vault = new SecretClient('https://keystile-local.vault.azure.net', credential)
      const { name } = await accounts.get('ai', 'vision-west')
      const secrets = []
      for await (const secret of vault.listPropertiesOfSecrets()) secrets.push(secret.name)
      const { status } = await fetch('https://login.microsoftonline.com/' + tenant + '/discovery/v2.0/keys')
      console.log(JSON.stringify([name, secrets, status]))
    }
    run(process.argv.slice(1))`

  test('reaches ARM, Key Vault and Entra with unmodified SDKs and fetch', async () => {
    const { subscriptions, tenantId } = azure.world.seed
    const args = ['-e', script, subscriptions[0]?.id ?? '', tenantId]
    const env = { PATH: process.env.PATH, ...azure.env('rotator') }
    const { stdout } = await promisify(execFile)(process.execPath, args, { env })
    expect(JSON.parse(stdout)).toEqual(['vision-west', [], 200])
  })
})

describe('certificates', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keystile-ca-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  /** The two parts of `ca-key.pem`. */
  const certificateOf = (text: string) => text.slice(0, text.indexOf('-----BEGIN PRIVATE'))
  const keyOf = (text: string) => text.slice(text.indexOf('-----BEGIN PRIVATE'))

  const modeOf = async (file: string) => (await stat(join(folder, file))).mode & 0o777

  test('the key of the authority is for its owner alone, and its life is short', async () => {
    const { caFile } = await makeServerCertificate(folder)
    expect(await modeOf('ca-key.pem')).toBe(0o600)
    const authority = new X509Certificate(await readFile(caFile))
    expect(authority.ca).toBe(true)
    expect(Date.parse(authority.validTo) - Date.now()).toBeLessThan(8 * day)
  })

  test('the chain holds under strict rules: both certificates name the key that they hold and are signed by', async () => {
    const { caFile, cert } = await makeServerCertificate(folder)
    const [authority, server] = [new Certificate(await readFile(caFile, 'utf8')), new Certificate(cert)]
    const ownKey = authority.getExtension(SubjectKeyIdentifierExtension)?.keyId
    expect(ownKey).toMatch(/^[0-9a-f]{40}$/)
    expect(server.getExtension(SubjectKeyIdentifierExtension)?.keyId).toMatch(/^[0-9a-f]{40}$/)
    expect(server.getExtension(AuthorityKeyIdentifierExtension)?.keyId).toBe(ownKey)
  })

  test('of several first starts in one folder, one makes the authority and all use it', async () => {
    const starts = await Promise.all(Array.from({ length: 5 }, () => makeServerCertificate(folder)))
    const { publicKey } = new X509Certificate(await readFile(join(folder, 'ca.pem')))
    expect(starts.map(({ cert }) => new X509Certificate(cert).verify(publicKey))).toEqual(starts.map(() => true))
    expect((await readdir(folder)).sort()).toEqual(['ca-key.pem', 'ca.pem'])
  })

  test.each([
    ['the key of another authority', (text: string, other: string) => certificateOf(text) + keyOf(other)],
    ['a key alone', (text: string) => keyOf(text)],
    ['nonsense', () => 'nonsense'],
  ])('%s is seen: the authority is made anew', async (_, spoil) => {
    const kept = join(folder, 'ca-key.pem')
    const { caFile } = await makeServerCertificate(folder)
    const [before, authority] = [await readFile(kept, 'utf8'), await readFile(caFile, 'utf8')]
    await rm(kept)
    await makeServerCertificate(folder)
    await writeFile(kept, spoil(before, await readFile(kept, 'utf8')))
    const { cert } = await makeServerCertificate(folder)
    const after = await readFile(caFile, 'utf8')
    expect(after).not.toBe(authority)
    expect(new X509Certificate(cert).verify(new X509Certificate(after).publicKey)).toBe(true)
  })

  test('a second start trusts the same authority with another certificate', async () => {
    const first = await makeServerCertificate(folder)
    const before = await readFile(first.caFile, 'utf8')
    const second = await makeServerCertificate(folder)
    expect(await readFile(second.caFile, 'utf8')).toBe(before)
    expect(second.key).not.toBe(first.key)
    expect(new X509Certificate(second.cert).verify(new X509Certificate(before).publicKey)).toBe(true)
  })

  test('an authority that is about to expire is made anew', async () => {
    const sixDaysAndABitAgo = Date.now() - 6.1 * day
    await makeServerCertificate(folder, sixDaysAndABitAgo)
    const before = await readFile(join(folder, 'ca.pem'), 'utf8')
    await makeServerCertificate(folder)
    expect(await readFile(join(folder, 'ca.pem'), 'utf8')).not.toBe(before)
  })
})
