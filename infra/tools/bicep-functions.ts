// The functions of Bicep that infra/ uses, on plain values. uniqueString differs from Azure's; equal inputs give equal outputs.

import { createHash } from 'node:crypto'

export type Value = string | number | boolean | null | undefined | Value[] | { [name: string]: Value } | Ref | Lambda
export type Lambda = (...args: Value[]) => Value

/** What only Azure knows, such as the principal of an identity: named by where it would be read. */
export class Ref {
  readonly path: string
  constructor(path: string) {
    this.path = path
  }
  toString(): string {
    return `‹${this.path}›`
  }
  toJSON(): string {
    return this.toString()
  }
}

/** A template that refuses its parameters: `fail()`, or a value that `@allowed` and its like do not let in. */
export class TemplateRefused extends Error {}

export const isObject = (value: Value): value is { [name: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Ref)

export function toText(value: Value): string {
  if (value instanceof Ref) return value.toString()
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (value === null || value === undefined || typeof value === 'function')
    throw new TypeError('no text for this value')
  return JSON.stringify(value)
}

const list = (value: Value): Value[] => {
  if (Array.isArray(value)) return value
  throw new TypeError(`expected an array, found ${toText(value)}`)
}
const lambda = (value: Value): Lambda => {
  if (typeof value === 'function') return value
  throw new TypeError('expected a lambda')
}
const text = (value: Value): string => {
  if (typeof value === 'string' || value instanceof Ref) return value.toString()
  throw new TypeError(`expected a string, found ${JSON.stringify(value)}`)
}
const same = (a: Value, b: Value): boolean => JSON.stringify(a) === JSON.stringify(b)
const digest = (args: Value[]): string => createHash('sha256').update(JSON.stringify(args)).digest('hex')

/** The namespace of ARM's `guid`, which makes UUIDs of version 5 (learn.microsoft.com, Bicep functions for strings). */
const NAMESPACE = Buffer.from('11fb06fb712d4ddd98c7e71bbd588830', 'hex')
const uuid5 = (name: string): string => {
  const hash = createHash('sha1').update(NAMESPACE).update(name).digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const size = (value: Value): number => {
  if (value === null || value === undefined) return 0
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  if (isObject(value)) return Object.keys(value).length
  throw new TypeError(`no length: ${toText(value)}`)
}

function union(first: Value, ...more: Value[]): Value {
  if (!isObject(first))
    return [first, ...more].flatMap(list).filter((one, at, all) => all.findIndex((other) => same(one, other)) === at)
  return more.reduce<{ [name: string]: Value }>((all, one) => {
    if (!isObject(one)) throw new TypeError('union of an object with something else')
    for (const [name, value] of Object.entries(one)) {
      const there = all[name]
      all[name] = isObject(there) && isObject(value) ? union(there, value) : value
    }
    return all
  }, structuredClone(first))
}

const contains = (where: Value, what: Value): boolean => {
  if (typeof where === 'string') return where.includes(text(what))
  if (Array.isArray(where)) return where.some((one) => same(one, what))
  if (isObject(where)) return Object.hasOwn(where, text(what))
  throw new TypeError('contains: neither text, array nor object')
}

const suffixes = { storage: 'core.windows.net', keyvaultDns: '.vault.azure.net', acrLoginServer: '.azurecr.io' }

export const functions: Readonly<Record<string, (...args: Value[]) => Value>> = {
  any: (value) => value,
  array: (value) => (Array.isArray(value) ? value : [value]),
  cidrSubnet: (prefix, length, index) => `${text(prefix).split('/')[0]}+${index}/${length}`,
  concat: (...args) => (Array.isArray(args[0]) ? args.flatMap(list) : args.map(text).join('')),
  contains,
  empty: (value) => size(value) === 0,
  endsWith: (value, end) => text(value).toLowerCase().endsWith(text(end).toLowerCase()),
  environment: () => ({ name: 'AzureCloud', suffixes, resourceManager: 'https://management.azure.com/' }),
  fail: (why) => {
    throw new TemplateRefused(text(why))
  },
  filter: (of, fits) => list(of).filter((item, index) => lambda(fits)(item, index) === true),
  first: (value) => (typeof value === 'string' ? value.slice(0, 1) : list(value)[0]),
  flatten: (of) => list(of).flatMap(list),
  format: (pattern, ...args) => text(pattern).replace(/\{(\d+)\}/g, (_, at) => toText(args[Number(at)])),
  guid: (...args) => uuid5(args.map(toText).join('-')),
  indexOf: (value, part) => text(value).indexOf(text(part)),
  int: (value) => Number(value),
  items: (of) => (isObject(of) ? Object.entries(of).map(([key, value]) => ({ key, value })) : []),
  join: (of, by) => list(of).map(toText).join(text(by)),
  json: (value) => JSON.parse(text(value)),
  last: (value) => (typeof value === 'string' ? value.slice(-1) : list(value).at(-1)),
  length: size,
  map: (of, to) => list(of).map((item, index) => lambda(to)(item, index)),
  max: (...args) => Math.max(...args.map(Number)),
  min: (...args) => Math.min(...args.map(Number)),
  range: (start, count) => Array.from({ length: Number(count) }, (_, at) => Number(start) + at),
  replace: (value, what, by) => text(value).replaceAll(text(what), text(by)),
  skip: (value, count) => (typeof value === 'string' ? value.slice(Number(count)) : list(value).slice(Number(count))),
  split: (value, by) =>
    Array.isArray(by)
      ? by.reduce<string[]>((parts, one) => parts.flatMap((part) => part.split(text(one))), [text(value)])
      : text(value).split(text(by)),
  startsWith: (value, start) => text(value).toLowerCase().startsWith(text(start).toLowerCase()),
  string: toText,
  substring: (value, from, count) =>
    text(value).slice(Number(from), count === undefined ? undefined : Number(from) + Number(count)),
  take: (value, count) =>
    typeof value === 'string' ? value.slice(0, Number(count)) : list(value).slice(0, Number(count)),
  tenant: () => ({ tenantId: '00000000-0000-4000-8000-00000000aaaa' }),
  toLower: (value) => text(value).toLowerCase(),
  toUpper: (value) => text(value).toUpperCase(),
  toObject: (of, key, value) =>
    Object.fromEntries(list(of).map((item) => [text(lambda(key)(item)), value ? lambda(value)(item) : item])),
  trim: (value) => text(value).trim(),
  union,
  uniqueString: (...args) => digest(args).slice(0, 13),
}
