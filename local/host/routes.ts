// ASP.NET route templates, as far as the Functions host uses them, on the URLPattern that Node brings along.

import { URLPattern } from 'node:url'
import { LRUCache } from 'lru-cache'
import { StartError } from './errors.ts'
import { type Accepts, readConstraint } from './route-constraints.ts'

export interface Route<T> {
  /** Upper case; empty when every method is served. */
  readonly methods: readonly string[]
  readonly template: string
  readonly target: T
}

export interface RouteMatch<T> {
  readonly target: T
  /** Decoded; an optional or catch-all parameter that is absent has no member. */
  readonly params: Readonly<Record<string, string>>
}

/** @returns The target of the most specific route for this method and path, or `undefined`: that is a 404. */
export type Router<T> = (method: string, path: string) => RouteMatch<T> | undefined

interface Parameter {
  readonly name: string
  readonly accepts: readonly Accepts[]
}

interface CompiledRoute<T> extends Route<T> {
  readonly pattern: URLPattern
  readonly parameters: readonly Parameter[]
  /** One digit for each segment; the smaller text is the more specific route. */
  readonly rank: string
}

/**
 * Matching is without regard to case. A path may end in one slash more than its template.
 *
 * @throws {StartError} When a template cannot be read or uses a constraint this host does not know.
 */
export function createRouter<T>(routes: readonly Route<T>[]): Router<T> {
  const compiled = routes.map(compile).sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0))
  const find: Router<T> = (method, path) => {
    for (const route of compiled) {
      if (route.methods.length > 0 && !route.methods.includes(method)) continue
      const params = match(route, path)
      if (params) return { target: route.target, params }
    }
    return undefined
  }
  // A pattern costs more than all else that this host does for a request, and most requests are for a few paths.
  const found = new LRUCache<string, RouteMatch<T>>({ max: MOST_REMEMBERED })
  return (method, path) => {
    const name = `${method} ${path}`
    const known = found.get(name)
    if (known) return known
    const match = find(method, path)
    if (match) found.set(name, match)
    return match
  }
}

const MOST_REMEMBERED = 1_000

const SEGMENT_KINDS = { literal: '1', mixed: '2', constrained: '3', parameter: '4', catchAll: '5' }

function compile<T>(route: Route<T>): CompiledRoute<T> {
  const parameters: Parameter[] = []
  let pathname = ''
  let rank = ''
  const segments = splitTemplate(route.template)
  for (const [at, segment] of segments.entries()) {
    const inner = /^\{(.*)\}$/s.exec(segment)?.[1]
    if (inner === undefined || /[^{]\{[^{]/.test(segment)) {
      const before = parameters.length
      pathname += `/${mixedSegment(segment, parameters, route.template)}`
      rank += parameters.length === before ? SEGMENT_KINDS.literal : SEGMENT_KINDS.mixed
      continue
    }
    const { catchAll, optional, ...parameter } = readParameter(inner, route.template)
    if ((catchAll || optional) && at !== segments.length - 1) {
      throw new StartError(`route ${route.template}: {${inner}} must be the last segment`)
    }
    const name = `p${parameters.push(parameter) - 1}`
    if (catchAll) pathname += `{/:${name}(.*)}?`
    else pathname += optional ? `{/:${name}}?` : `/:${name}`
    const kind = parameter.accepts.length > 0 ? 'constrained' : 'parameter'
    rank += catchAll ? SEGMENT_KINDS.catchAll : SEGMENT_KINDS[kind]
  }
  return { ...route, parameters, rank, pattern: new URLPattern({ pathname: `${pathname}{/}?` }, { ignoreCase: true }) }
}

function match<T>(route: CompiledRoute<T>, path: string): Record<string, string> | undefined {
  const groups = route.pattern.exec({ pathname: path })?.pathname.groups
  if (!groups) return undefined
  const params: Record<string, string> = {}
  for (const [at, { name, accepts }] of route.parameters.entries()) {
    const raw = groups[`p${at}`]
    if (raw === undefined || raw === '') continue
    const value = decode(raw)
    if (!accepts.every((accept) => accept(value))) return undefined
    params[name] = value
  }
  return params
}

/** Percent-decodes as the real server does: an encoded slash stays encoded, and what does not decode stays as it is. */
function decode(raw: string): string {
  return raw
    .split(/(%2f)/i)
    .map((part, at) => {
      if (at % 2 === 1) return part
      try {
        return decodeURIComponent(part)
      } catch {
        return part
      }
    })
    .join('')
}

/** Splits at slashes, but not at those inside a regular expression between braces. */
function splitTemplate(template: string): readonly string[] {
  const segments: string[] = []
  let depth = 0
  let segment = ''
  for (const char of template.replaceAll(/^\/+|\/+$/g, '')) {
    if (char === '{') depth += 1
    if (char === '}') depth -= 1
    if (char === '/' && depth === 0) {
      segments.push(segment)
      segment = ''
    } else segment += char
  }
  if (depth !== 0) throw new StartError(`route ${template}: braces do not match`)
  return segment === '' && segments.length === 0 ? [] : [...segments, segment]
}

/** A literal, or literals and parameters in one segment, such as `v{major:int}.json`. */
function mixedSegment(segment: string, parameters: Parameter[], template: string): string {
  return segment.replaceAll(/\{([^{}]+)\}|([^{}]+)|[{}]/g, (_all, inner?: string, literal?: string) => {
    if (literal !== undefined) return literal.replaceAll(/[\\:*?+(){}]/g, '\\$&')
    if (inner === undefined) throw new StartError(`route ${template}: cannot read ${segment}`)
    const { catchAll, optional, ...parameter } = readParameter(inner, template)
    if (catchAll || optional) throw new StartError(`route ${template}: {${inner}} must be a segment of its own`)
    return `{:p${parameters.push(parameter) - 1}}`
  })
}

function readParameter(inner: string, template: string): Parameter & { catchAll: boolean; optional: boolean } {
  const [, stars = '', name, constraints = '', question] = /^(\*{0,2})([^:?*=/]+)((?::.+?)?)(\?)?$/s.exec(inner) ?? []
  if (name === undefined) throw new StartError(`route ${template}: cannot read {${inner}}`)
  const accepts = splitConstraints(constraints).map((constraint) => readConstraint(constraint, template))
  return { name, accepts, catchAll: stars !== '', optional: question !== undefined }
}

function splitConstraints(text: string): readonly string[] {
  return text.match(/(?<=:)(?:[a-z]+\(.*?\)(?=:|$)|[^:]+)/gis) ?? []
}
