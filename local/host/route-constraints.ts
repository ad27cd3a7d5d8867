// Inline constraints of route templates, such as `int` in `{id:int}`: tests on one decoded parameter.

import { StartError } from './errors.ts'

export type Accepts = (value: string) => boolean

const matches =
  (pattern: RegExp): Accepts =>
  (value) =>
    pattern.test(value)

/** A whole number that fits in so many bits, as the .NET types of these names do. */
const integer =
  (bits: number): Accepts =>
  (value) => {
    if (!/^[+-]?\d+$/.test(value)) return false
    const number = BigInt(value.replace(/^\+/, ''))
    return BigInt.asIntN(bits, number) === number
  }

const isLong = integer(64)

const PLAIN: ReadonlyMap<string, Accepts> = new Map([
  ['int', integer(32)],
  ['long', isLong],
  ['alpha', matches(/^[a-z]*$/i)],
  ['bool', matches(/^(true|false)$/i)],
  ['guid', matches(/^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i)],
  ['decimal', matches(/^[+-]?(\d+\.?\d*|\.\d+)$/)],
  ['double', matches(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i)],
  ['float', matches(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i)],
  ['required', (value) => value !== ''],
])

const ranged =
  (low: number, high: number): Accepts =>
  (value) =>
    isLong(value) && Number(value) >= low && Number(value) <= high

const sized =
  (low: number, high: number): Accepts =>
  (value) =>
    value.length >= low && value.length <= high

/**
 * @param text One constraint without its colon: `int`, `length(2,8)`, `regex(^a+$)`.
 * @throws {StartError} When the constraint is not one of ASP.NET's, or is not known here (`datetime`, `file`).
 */
export function readConstraint(text: string, template: string): Accepts {
  const [, name = '', args] = /^([a-z]+)(?:\((.*)\))?$/is.exec(text) ?? []
  const found = args === undefined ? PLAIN.get(name.toLowerCase()) : withArguments(name.toLowerCase(), args)
  if (!found) throw new StartError(`route ${template}: unknown constraint ${text}`)
  return found
}

function withArguments(name: string, args: string): Accepts | undefined {
  // Inside a template, braces and backslashes of an expression are doubled.
  if (name === 'regex') return matches(new RegExp(args.replaceAll(/([{}\\])\1/g, '$1'), 'i'))
  const numbers = args.split(',').map((arg) => (/^\s*-?\d+\s*$/.test(arg) ? Number(arg) : Number.NaN))
  const [first, second, third] = numbers
  if (first === undefined || third !== undefined || numbers.some(Number.isNaN)) return undefined
  if (name === 'length') return sized(first, second ?? first)
  if (name === 'range') return second === undefined ? undefined : ranged(first, second)
  if (second !== undefined) return undefined
  if (name === 'minlength') return sized(first, Number.POSITIVE_INFINITY)
  if (name === 'maxlength') return sized(0, first)
  if (name === 'min') return ranged(first, Number.POSITIVE_INFINITY)
  return name === 'max' ? ranged(Number.NEGATIVE_INFINITY, first) : undefined
}
