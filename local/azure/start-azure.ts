// Puts the stand-in together and starts it: the way in for tests, the demo and `npm start`.

import { armRoutes } from './arm.ts'
import { makeServerCertificate } from './certificates.ts'
import { cloudOf } from './clouds.ts'
import { startControl, switchesSchema } from './control.ts'
import { dataPlaneRoutes } from './data-plane.ts'
import { createEntra } from './entra/directory.ts'
import { entraRoutes } from './entra.ts'
import { createFaults, type Faults } from './faults.ts'
import { createJournal, type Journal } from './journal.ts'
import { keyVaultRoutes } from './key-vault.ts'
import type { Listening } from './listen.ts'
import { startManagedIdentity } from './managed-identity.ts'
import { type Egress, startProxy } from './proxy.ts'
import type { SeedInput } from './seed.ts'
import { parseSeed } from './seed-rules.ts'
import { isServed, servedHosts } from './served-hosts.ts'
import { startServer } from './server.ts'
import type { Entra, ServiceDeps } from './service.ts'
import { stsRoutes } from './sts.ts'
import type { Call } from './wire.ts'
import { createWorld, type Switches, type World } from './world.ts'

export interface AzureOptions {
  readonly seed: SeedInput
  /** Where the certificate authority is kept; made if it does not exist. */
  readonly folder: string
  readonly switches?: Partial<Switches>
  /** Lines for whoever watches. Default: nowhere. */
  readonly log?: (line: string) => void
  /** Sees each call that comes in, credentials and all: for tests that look at what leaves an app. Default: nobody. */
  readonly onCall?: (call: Call) => void
  /** 0, the default, takes any free port. */
  readonly ports?: { readonly proxy?: number; readonly identity?: number; readonly control?: number }
  /** Epoch milliseconds. Default: the clock. */
  readonly now?: () => number
}

export interface Azure {
  readonly world: World
  readonly entra: Entra
  readonly faults: Faults
  readonly journal: Pick<Journal, 'since' | 'counts'>
  readonly egress: readonly Egress[]
  readonly proxyUrl: string
  readonly controlUrl: string
  /** What the header `x-keystile-control` must say there. Made anew at every start. */
  readonly controlKey: string
  /** What NODE_EXTRA_CA_CERTS and `curl --cacert` get. */
  readonly caFile: string
  /**
   * The environment of an app that runs under this identity. It holds the identity's secret header: never log it.
   * @throws Error for a name that the seed does not have.
   */
  env(identityName: string): Record<string, string>
  /** This start's client secret of a caller. @throws Error for a name that the seed does not have. */
  clientSecret(callerName: string): string
  /** Ends everything at once, also calls that hang. Safe to repeat. */
  close(): Promise<void>
}

/** @throws Error for a seed that does not fit, or that names a port that cannot be had; nothing is then left running. */
export async function startAzure(options: AzureOptions): Promise<Azure> {
  const { folder, ports = {}, log = () => undefined } = options
  const seed = parseSeed(options.seed)
  const world = createWorld(seed, switchesOf(options.switches), options.now)
  const cloud = cloudOf(seed)
  const [certificate, entra] = await Promise.all([
    makeServerCertificate(folder, undefined, servedHosts(cloud)),
    createEntra(world),
  ])
  const journal = createJournal(world)
  const faults = createFaults()
  const services: ServiceDeps = { world, entra, log }
  const routes = [armRoutes, entraRoutes, keyVaultRoutes, stsRoutes, dataPlaneRoutes].flatMap((of) => of(services))
  const deps = { ...services, faults, journal }

  const started: Listening[] = []
  const keep = <T extends Listening>(listening: T): T => {
    started.push(listening)
    return listening
  }
  const close = async () => {
    await Promise.all(started.map((each) => each.close()))
  }

  try {
    const server = keep(await startServer({ ...deps, routes, certificate, onCall: options.onCall }))
    const serves = (host: string) => isServed(cloud, host)
    const proxyOptions = { target: server.port, serves, now: world.now, log }
    const proxy = keep(await startProxy({ ...proxyOptions, ...(ports.proxy ? { port: ports.proxy } : {}) }))
    const identity = keep(await startManagedIdentity(deps, ports.identity))
    const control = keep(await startControl({ ...deps, proxy }, ports.control))
    const proxyUrl = `http://127.0.0.1:${proxy.port}`
    return {
      world,
      entra,
      faults,
      journal,
      egress: proxy.egress,
      proxyUrl,
      controlUrl: `http://127.0.0.1:${control.port}`,
      controlKey: control.key,
      caFile: certificate.caFile,
      env: (identityName) => ({
        HTTPS_PROXY: proxyUrl,
        NO_PROXY: '127.0.0.1,localhost',
        NODE_USE_ENV_PROXY: '1',
        NODE_EXTRA_CA_CERTS: certificate.caFile,
        IDENTITY_ENDPOINT: identity.url,
        IDENTITY_HEADER: identity.header(identityName),
        AZURE_CLIENT_ID: clientIdOf(world, identityName),
        AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
      }),
      clientSecret: (callerName) => entra.clientSecret(callerName),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** @throws ZodError for a switch out of its range. */
function switchesOf(switches: Partial<Switches> = {}): Partial<Switches> {
  switchesSchema.parse(switches)
  return switches
}

function clientIdOf({ seed }: World, identityName: string): string {
  const identity = seed.identities.find(({ name }) => name === identityName)
  if (!identity) throw new Error(`the seed has no identity ${identityName}`)
  return identity.clientId
}
