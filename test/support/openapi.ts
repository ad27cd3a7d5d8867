// Holds answers of the apps to docs/openapi.json, and to nothing beside it: status, type, headers, body.

import type { IncomingHttpHeaders } from 'node:http'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { read } from './sources.ts'

export type Role = 'vendor' | 'rotator'

export interface Answered {
  readonly method: string
  /** As it was asked for, such as `/api/accounts/speech-west/token`. */
  readonly path: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** What the app that answered serves; anything where it is not known. */
  readonly role?: Role | undefined
}

interface Header {
  readonly required?: boolean
  readonly schema: { readonly type: string }
}
interface Response {
  readonly headers: Readonly<Record<string, Header>>
  /** Absent where there is no body. */
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}
interface Operation {
  readonly tags: readonly string[]
  readonly responses: Readonly<Record<string, Response>>
}
type PathItem = Readonly<Record<string, Operation>>

/**
 * The paths with what they refer to in place, and every object closed: the document leaves room for members to come,
 * and an answer must have no other today.
 */
function resolve(document: object): Readonly<Record<string, PathItem>> {
  const at = (ref: string) =>
    ref
      .split('/')
      .slice(1)
      .reduce<unknown>((node, name) => Reflect.get(Object(node), name), document)
  const walk = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(walk)
    if (typeof node !== 'object' || node === null) return node
    if ('$ref' in node) return walk(at(String(node.$ref)))
    const walked = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, walk(value)]))
    return 'properties' in walked && !('additionalProperties' in walked)
      ? { ...walked, additionalProperties: false }
      : walked
  }
  return walk(Reflect.get(document, 'paths')) as Readonly<Record<string, PathItem>>
}

const formOf = (route: string) => new RegExp(`^/api${route.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`)

/** @returns what throws an Error that names route, status and what does not fit. */
export function documented(document: object): (answered: Answered) => void {
  const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }))
  const compiled = new Map<object, ValidateFunction>()
  const routes = Object.entries(resolve(document)).map(([route, item]) => ({ form: formOf(route), item }))
  const responses = routes.flatMap(({ item }) => Object.values(item).flatMap((each) => Object.values(each.responses)))
  const ourHeaders = [...new Set(responses.flatMap(({ headers }) => Object.keys(headers)))]

  const problemsOf = (schema: object, value: unknown): string[] => {
    const validate = compiled.get(schema) ?? ajv.compile(schema)
    compiled.set(schema, validate)
    if (validate(value)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || 'all of it'} ${message} ${JSON.stringify(params)}`,
    )
  }

  const headerProblems = (listed: Response['headers'], headers: Headers): string[] =>
    ourHeaders.flatMap((name) => {
      const [header, text] = [listed[name], headers.get(name)]
      if (header === undefined) return text === null ? [] : [`header ${name} is not documented here`]
      if (text === null) return header.required ? [`header ${name} is missing`] : []
      const value = header.schema.type === 'integer' ? Number(text) : text
      return problemsOf(header.schema, value).map((problem) => `header ${name}: ${problem}`)
    })

  const bodyProblems = (content: Response['content'], { method, headers, text }: Answered): string[] => {
    if (content === undefined) return text === '' ? [] : ['a body is not documented here']
    const [type = ''] = (headers.get('content-type') ?? '').split(';')
    const schema = content[type]?.schema
    if (schema === undefined) return [`type ${type || '(none)'} is not documented here`]
    return method === 'HEAD' ? [] : problemsOf(schema, JSON.parse(text))
  }

  return (answered) => {
    const { method, path, status, headers, text, role } = answered
    const item = routes.find(({ form }) => form.test(path))?.item ?? {}
    const operations = Object.values(item)
    const isServed = operations.some(({ tags }) => role === undefined || tags.includes(role) || tags.includes('both'))
    // What an app does not serve, its host answers with an empty 404.
    if (!isServed && status === 404 && text === '') return
    // Methods that the route does not have are answered alike, whichever it has: with 405, or that nothing works.
    const foreign = status === 405 || status === 503 ? operations[0] : undefined
    const response = (item[method === 'HEAD' ? 'get' : method.toLowerCase()] ?? foreign)?.responses[status]
    const problems = response
      ? [...headerProblems(response.headers, headers), ...bodyProblems(response.content, answered)]
      : ['no such answer']
    if (problems.length === 0) return
    throw new Error(`${method} ${path} answered ${status}, which is not as documented: ${problems.join('; ')}`)
  }
}

/** @throws Error that names route, status and what does not fit. */
export const expectDocumented = documented(JSON.parse(read('docs/openapi.json')))

/** Headers as `node:http` gives them, for who does not ask by `fetch`. */
export const headersFrom = (headers: IncomingHttpHeaders): Headers =>
  new Headers(Object.entries(headers).map(([name, value]): [string, string] => [name, [value].flat().join(', ')]))
