// The environment of an application that calls Keystile, as its platform would give it: who it is, and where to ask.

import { type Run, registrationOf } from './run-file.ts'

type Place = Pick<Run, 'proxyUrl' | 'caFile' | 'vendorUrl' | 'tenantId' | 'audience' | 'callers'>

/** It holds the caller's secret: never log it. @throws Error naming the callers that there are. */
export function callerEnv(run: Place, caller: string): Record<string, string> {
  const { clientId, clientSecret } = registrationOf(run, caller)
  return {
    HTTPS_PROXY: run.proxyUrl,
    NO_PROXY: '127.0.0.1,localhost',
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: run.caFile,
    AZURE_TENANT_ID: run.tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
    AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential',
    VENDOR_URL: run.vendorUrl,
    VENDOR_SCOPE: `${run.audience}/.default`,
  }
}
