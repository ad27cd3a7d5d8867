// What both roles are made of: our own identity, and who may ask how much.

import { DefaultAzureCredential, type TokenCredential } from '@azure/identity'
import { boundedCredential } from '../azure/credential.ts'
import { entraVerifier } from '../azure/entra.ts'
import { systemClock } from '../azure/system-clock.ts'
import { admit } from '../callers/admit.ts'
import { authenticate } from '../callers/authenticate.ts'
import type { CommonConfig } from '../config.ts'
import type { EndpointDeps } from '../functions/endpoint.ts'
import { inFlight } from '../functions/in-flight.ts'
import type { RefusalCount } from '../functions/refusal-count.ts'

export interface Shared extends EndpointDeps {
  readonly common: CommonConfig
  readonly credential: TokenCredential
}

/** One of each for the process, whatever its role: the bounds are bounds on all its endpoints together. */
export function sharedParts(common: CommonConfig, refusals: RefusalCount): Shared {
  const { cloud, tenantId, audiences, admission, maxInFlight } = common
  const clock = systemClock
  return {
    common,
    credential: boundedCredential(new DefaultAzureCredential({ authorityHost: `https://${cloud.login}` })),
    authenticate: authenticate({ verifier: entraVerifier({ cloud, tenantId, audiences, clock }), tenantId, clock }),
    admit: admit(admission),
    inFlight: inFlight(maxInFlight),
    refusals,
  }
}
