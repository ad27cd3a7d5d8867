// Everything that one command starts: Azurite, the stand-in for Azure, a rotator and a vendor, each its own process
// with its own identity.

import { type AppProcess, type Host, startApp } from './app-process.ts'
import type { SeedInput } from './azure/seed.ts'
import { type Azure, type AzureOptions, startAzure } from './azure/start-azure.ts'
import { type Azurite, startAzurite } from './azurite.ts'

export interface StackOptions {
  readonly seed: SeedInput
  /** Where the certificate authority is kept. */
  readonly folder: string
  readonly azure?: Partial<AzureOptions>
  /** Settings of the rotator beside those that say where things are. */
  readonly rotator?: Readonly<Record<string, string>>
  readonly vendor?: Readonly<Record<string, string>>
  /** Default: ours, in local/host. */
  readonly host?: Host
  /** 0, the default, takes any free port; `azurite: true` takes the well-known ones. */
  readonly ports?: { readonly rotator?: number; readonly vendor?: number; readonly azurite?: boolean }
  /** Every line of both apps. */
  readonly onLine?: (line: string, app: string) => void
  /** Ends the start. */
  readonly signal?: AbortSignal | undefined
}

export interface Stack {
  readonly azure: Azure
  readonly storage: Azurite
  readonly rotator: AppProcess
  readonly vendor: AppProcess
  /** The whole environment of an app; what `func start` is given, too. Holds secrets of this run. */
  env(app: 'rotator' | 'vendor'): Record<string, string>
  close(): Promise<void>
}

/** Azurite's own ports, which `UseDevelopmentStorage=true` means. */
const WELL_KNOWN = { blob: 10_000, queue: 10_001, table: 10_002 }

/** @throws Error naming what could not be started, and why, or the reason of `signal`; nothing is then left running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { seed, folder, ports = {}, onLine, host, signal } = options
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each()
  }
  const keep = <T extends { close(): Promise<void> }>(started: T): T => {
    closers.push(() => started.close())
    return started
  }
  try {
    const azure = keep(await startAzure({ seed, folder, ...options.azure }))
    signal?.throwIfAborted()
    const storage = keep(await startAzurite(ports.azurite ? { ports: WELL_KNOWN } : {}))
    const env = (app: 'rotator' | 'vendor') => ({
      ...azure.env(app),
      AzureWebJobsStorage: ports.azurite ? 'UseDevelopmentStorage=true' : storage.connectionString,
      FUNCTIONS_WORKER_RUNTIME: 'node',
      ...placeSettings(azure),
      ...(app === 'rotator' ? { ...rotatorSettings(azure), ...options.rotator } : options.vendor),
      KEYSTILE_ROLE: app,
    })
    const [heard, hosted] = [onLine ? { onLine } : {}, host ? { host } : {}]
    const start = async (name: 'rotator' | 'vendor') =>
      keep(await startApp({ name, port: ports[name] ?? 0, env: env(name), signal, ...heard, ...hosted }))
    const vendor = await start('vendor')
    const rotator = await start('rotator')
    return { azure, storage, rotator, vendor, env, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Where things are, in the words of the settings. */
function placeSettings({ world: { seed, vaults } }: Azure): Record<string, string> {
  const [vault] = vaults.values()
  if (!vault) throw new Error('the seed has no vault')
  return {
    AZURE_CLOUD: seed.cloud,
    KEYSTILE_VAULT_URL: vault.url,
    KEYSTILE_TENANT_ID: seed.tenantId,
    KEYSTILE_AUDIENCES: `${seed.api.clientId},${seed.api.appIdUri}`,
  }
}

const rotatorSettings = ({ world: { seed } }: Azure): Record<string, string> => ({
  KEYSTILE_MODE: 'apply',
  KEYSTILE_DEPLOYMENT: 'local',
  KEYSTILE_SUBSCRIPTIONS: seed.subscriptions.map(({ id }) => id).join(','),
})
