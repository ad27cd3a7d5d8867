// What goes wrong on the wire while secrets are under way. Bodies of refusals hold whatever was sent, and the keys.

import type { FaultInput } from '../../local/azure/faults.ts'

type Kind =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly kind: 'hang' | 'reset-before' | 'reset-after' | 'cut-body' }
  | { readonly kind: 'redirect'; readonly status: 307; readonly location: string }

export const KINDS: readonly [what: string, kind: Kind][] = [
  ...[400, 401, 403, 404, 409].map((status): [string, Kind] => [`${status}`, { kind: 'status', status }]),
  ...[429, 500, 503].map((status): [string, Kind] => [`${status}`, { kind: 'status', status, retryAfterSeconds: 0 }]),
  ...(['hang', 'reset-before', 'reset-after', 'cut-body'] as const).map((kind): [string, Kind] => [kind, { kind }]),
  ['a redirect', { kind: 'redirect', status: 307, location: 'https://evil.example/' }],
]

/** @param secrets are put into every body that can hold them. */
export const faultOf = (
  kind: Kind,
  where: Pick<FaultInput, 'route' | 'host' | 'count'>,
  secrets: string,
): FaultInput => (kind.kind === 'status' ? { ...where, ...kind, message: secrets, echo: true } : { ...where, ...kind })
