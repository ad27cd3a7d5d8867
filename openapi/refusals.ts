// From the codes that a route may refuse with to its responses: one for each status, with a schema for each code.

import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi'
import { type ProblemCode, problems } from '../src/functions/problem.ts'
import { problemSchemas } from '../src/functions/schemas/problem.ts'
import { facts, traceId } from './examples.ts'
import { type HeaderName, headers, headersOf, QUOTA, SHARED } from './headers.ts'

/** What the handlers add to the headers of a code when they know more than the code. */
const added: Partial<Record<ProblemCode, readonly HeaderName[]>> = {
  method_not_allowed: ['Allow'],
  rate_limited: ['Retry-After'],
}

/** Refusals of whoever is not admitted as a caller, or not known yet: they have no quota to tell. */
const withoutQuota: readonly ProblemCode[] = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_wrong_audience',
  'token_wrong_tenant',
  'caller_denied',
  'method_not_allowed',
  'overloaded',
  'misconfigured',
]
/** Refusals that may come before the caller is known, and after. */
const eitherWay: readonly ProblemCode[] = ['upstream_unavailable', 'internal']

const isHeader = (name: string): name is HeaderName => name in headers

const headersOfCode = (code: ProblemCode): readonly HeaderName[] => [
  ...SHARED,
  ...Object.keys(problems[code].headers ?? {}).filter(isHeader),
  ...(added[code] ?? []),
  ...(withoutQuota.includes(code) ? [] : QUOTA),
]

const exampleOf = (code: ProblemCode) => {
  const schema = problemSchemas[code]
  const { title, status, detail } = problems[code]
  const [type] = schema.shape.type.values
  return { summary: title, value: { type, title, status, code, detail, traceId, ...facts[code] } }
}

function responseOf(codes: readonly ProblemCode[]): ZodOpenApiResponseObject {
  const [first, ...rest] = codes.map((code) => problemSchemas[code])
  if (first === undefined) throw new TypeError('a response needs a code')
  const names = [...new Set(codes.flatMap(headersOfCode))]
  const isSure = (code: ProblemCode, name: HeaderName) =>
    headersOfCode(code).includes(name) && !(eitherWay.includes(code) && QUOTA.includes(name))
  const sometimes = names.filter((name) => !codes.every((code) => isSure(code, name)))
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
    headers: headersOf(names, sometimes),
    content: {
      'application/problem+json': {
        schema: rest.length === 0 ? first : z.discriminatedUnion('code', [first, ...rest]),
        examples: Object.fromEntries(codes.map((code) => [code, exampleOf(code)])),
      },
    },
  }
}

const byStatus = (codes: readonly ProblemCode[]) => [...Map.groupBy(new Set(codes), (code) => problems[code].status)]

/**
 * The responses for each list of codes, in the same order. What several have in common for a status is one component,
 * named after the status.
 */
export function refusalsOf(lists: readonly (readonly ProblemCode[])[]): ZodOpenApiResponsesObject[] {
  const uses = Map.groupBy(lists.flatMap(byStatus), ([, codes]) => codes.join())
  const names = new Set<string>()
  const responses = new Map(
    [...uses].map(([key, [use, ...others]]) => {
      const [status, codes] = use ?? [0, []]
      const name = `${STATUS_CODES[status]}`.replaceAll(/\W/g, '')
      if (others.length === 0 || names.has(name)) return [key, responseOf(codes)]
      names.add(name)
      return [key, { ...responseOf(codes), id: name }]
    }),
  )
  return lists.map((list) =>
    Object.fromEntries(byStatus(list).map(([status, codes]) => [status, responses.get(codes.join()) ?? {}])),
  )
}
