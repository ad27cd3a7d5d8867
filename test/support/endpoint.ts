// What an endpoint is made of, with every bound out of the way.

import type { Quota } from '../../src/callers/rate-limit.ts'
import type { EndpointDeps } from '../../src/functions/endpoint.ts'
import { inFlight } from '../../src/functions/in-flight.ts'

export const PLENTY: Quota = { taken: true, burst: 120, windowSeconds: 120, remaining: 119, resetSeconds: 1 }

/** @param authenticate who asks. */
export const unbounded = (authenticate: EndpointDeps['authenticate']): EndpointDeps => ({
  authenticate,
  admit: () => ({ kind: 'admitted', quota: PLENTY }),
  inFlight: inFlight(1_000),
  refusals: { add: () => undefined, isFirst: () => true },
})

/** The same, with the codes of those who were refused before they were known. */
export const counting = (deps: EndpointDeps, counted: string[] = []): EndpointDeps & { counted: string[] } => ({
  ...deps,
  counted,
  refusals: { add: (code) => void counted.push(code), isFirst: () => true },
})
