// The built apps that the table of refusals is sent to.

import { type AppProcess, startApp } from '../../local/app-process.ts'
import type { TestAzure } from './azure.ts'
import type { Place } from './refusals.ts'

const settings = {
  FUNCTIONS_WORKER_RUNTIME: 'node',
  KEYSTILE_VAULT_URL: 'https://keystile-local.vault.azure.net',
  KEYSTILE_TENANT_ID: '7e4a4700-0000-4000-8000-000000000001',
  KEYSTILE_AUDIENCES: 'a9100000-0000-4000-8000-000000000001,api://keystile',
  KEYSTILE_RATE_PER_MINUTE: '999999',
  KEYSTILE_RATE_BURST: '999999',
}
const places: Record<Place, Record<string, string>> = {
  vendor: { KEYSTILE_ROLE: 'vendor' },
  strict: {
    KEYSTILE_ROLE: 'vendor',
    KEYSTILE_DENIED_CALLERS: 'CA11E40B-0000-4000-8000-000000000002, ca11e400-0000-4000-8000-000000000003',
    KEYSTILE_RATE_PER_MINUTE: '1',
    KEYSTILE_RATE_BURST: '1',
    KEYSTILE_MAX_IN_FLIGHT: '1',
  },
  rotator: {
    KEYSTILE_ROLE: 'rotator',
    KEYSTILE_MODE: 'plan',
    KEYSTILE_DEPLOYMENT: 'local',
    KEYSTILE_SUBSCRIPTIONS: '5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0001',
    KEYSTILE_SCHEDULE: '0 0 0 1 1 *',
  },
}

/** @param onLine every line of an app, and which one wrote it. */
export async function startPlaces(
  azure: TestAzure,
  storage: string,
  onLine: (line: string, place: string) => void,
): Promise<Map<Place, AppProcess>> {
  const start = async (place: Place): Promise<[Place, AppProcess]> => {
    const identity = azure.env(place === 'rotator' ? 'rotator' : 'vendor')
    const env = { ...identity, AzureWebJobsStorage: storage, ...settings, ...places[place] }
    return [place, await startApp({ name: place, port: 0, env, onLine })]
  }
  return new Map([await start('vendor'), await start('strict'), await start('rotator')])
}
