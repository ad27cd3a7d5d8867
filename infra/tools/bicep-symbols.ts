// What names stand for while a template is evaluated: plain values, and resources of which Azure knows the rest.

import { isObject, Ref, type Value } from './bicep-functions.ts'

/** A declared resource or module, as other expressions see it. */
export class Symbolic {
  readonly known: { [name: string]: Value }
  readonly path: string
  constructor(known: { [name: string]: Value }, path: string) {
    this.known = known
    this.path = path
  }
}
export type Seen = Value | Symbolic | Seen[]

export type Locals = { readonly [name: string]: Seen }

/** Members of a resource that its declaration does not say are Azure's to tell. */
export function member(of: Seen, name: string | number, safe: boolean): Seen {
  if (of instanceof Symbolic) {
    const known = of.known[name]
    if (known !== undefined)
      return isObject(known) && (name === 'properties' || name === 'identity')
        ? new Symbolic(known, `${of.path}.${name}`)
        : known
    return new Ref(`${of.path}.${name}`)
  }
  if (of instanceof Ref) return new Ref(`${of.path}.${name}`)
  if (Array.isArray(of) && typeof name === 'number') {
    if (name < of.length) return of[name]
  } else if (isObject(of as Value) && Object.hasOwn(of as object, name)) return (of as { [name: string]: Value })[name]
  if (safe) return undefined
  throw new TypeError(`nothing is called ${name} there`)
}

export function plain(value: Seen): Value {
  if (value instanceof Symbolic) return { ...plainEntries(value.known, []), name: plain(value.known.name) }
  if (Array.isArray(value)) return value.map(plain)
  if (isObject(value)) return plainEntries(value, [])
  return value
}

export const plainEntries = (of: { [name: string]: Seen }, without: readonly string[]): { [name: string]: Value } =>
  Object.fromEntries(
    Object.entries(of)
      .filter(([name]) => !without.includes(name))
      .map(([name, value]) => [name, plain(value)]),
  )

export function checkType(type: string, value: Value): void {
  if (value instanceof Ref || (type.endsWith('?') && (value === null || value === undefined))) return
  const bare = type.replace(/\?$/, '')
  const fits =
    bare === 'array' || bare.endsWith('[]')
      ? Array.isArray(value)
      : bare === 'object'
        ? isObject(value)
        : bare === 'string' || bare.startsWith("'")
          ? typeof value === 'string'
          : bare === 'int'
            ? typeof value === 'number'
            : bare === 'bool'
              ? typeof value === 'boolean'
              : false
  if (!fits) throw new TypeError(`${JSON.stringify(value)} is no ${type}`)
}
