// A Bicep file as a tree: the part of the language that infra/ uses. What it does not know is refused, never skipped.

import { BicepError, type Token, tokenize } from './bicep-tokens.ts'

export type Expr = { readonly line: number } & (
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'text'; readonly parts: readonly string[]; readonly holes: readonly Expr[] }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expr; readonly name: string; readonly safe: boolean }
  | { readonly kind: 'index'; readonly of: Expr; readonly at: Expr; readonly safe: boolean }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expr[] }
  | { readonly kind: 'unary'; readonly sign: string; readonly of: Expr }
  | { readonly kind: 'binary'; readonly sign: string; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'choice'; readonly when: Expr; readonly yes: Expr; readonly otherwise: Expr }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [Expr, Expr])[] }
  | { readonly kind: 'array'; readonly items: readonly Expr[] }
  | { readonly kind: 'lambda'; readonly names: readonly string[]; readonly body: Expr }
  | {
      readonly kind: 'for'
      readonly item: string
      readonly index: string | undefined
      readonly of: Expr
      readonly body: Expr
    }
  | { readonly kind: 'if'; readonly when: Expr; readonly yes: Expr }
)

export interface Decorator {
  readonly name: string
  readonly args: readonly Expr[]
}

export interface Declaration {
  readonly kind: 'param' | 'var' | 'resource' | 'module' | 'output' | 'metadata'
  readonly name: string
  readonly line: number
  readonly decorators: readonly Decorator[]
  /** A type, a `type@version`, or a path. */
  readonly of: string
  readonly existing: boolean
  readonly value: Expr | undefined
}

export interface BicepFile {
  readonly path: string
  readonly scope: string
  readonly declarations: readonly Declaration[]
}

/** Loosest first. */
const LEVELS = [['??'], ['||'], ['&&'], ['==', '!=', '=~', '!~'], ['<', '>', '<=', '>='], ['+', '-'], ['*', '/', '%']]
const KINDS = ['param', 'var', 'resource', 'module', 'output', 'metadata'] as const

/** @throws BicepError naming file and line. */
export function parseBicep(path: string, source: string): BicepFile {
  const reader = new Reader(path, tokenize(path, source))
  let scope = 'resourceGroup'
  const declarations: Declaration[] = []
  for (reader.skipNewlines(); !reader.isEnd(); reader.skipNewlines()) {
    if (reader.take('targetScope')) {
      reader.expect('=')
      scope = reader.text()
    } else if (reader.take('extension')) reader.name()
    else declarations.push(declaration(reader))
  }
  return { path, scope, declarations }
}

function declaration(reader: Reader): Declaration {
  const decorators: Decorator[] = []
  while (reader.take('@')) {
    const name = reader.name()
    decorators.push({ name, args: reader.args() })
    reader.skipNewlines()
  }
  const { line } = reader.token
  const kind = KINDS.find((word) => reader.take(word))
  if (!kind) throw reader.wrong(`${reader.token.text || 'the end'} begins no declaration that is known here`)
  const name = reader.name()
  const of = kind === 'resource' || kind === 'module' ? reader.text() : reader.upToValue()
  const existing = reader.take('existing')
  const value = reader.take('=') ? reader.value() : undefined
  if (!value && kind !== 'param') throw reader.wrong(`${kind} ${name} has no value`)
  reader.endOfLine()
  return { kind, name, line, decorators, of, existing, value }
}

class Reader {
  readonly #path: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(path: string, tokens: readonly Token[]) {
    this.#path = path
    this.#tokens = tokens
  }

  get token(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', line: 0 }
  }

  wrong(problem: string): BicepError {
    return new BicepError(this.#path, this.token.line, problem)
  }

  isEnd(): boolean {
    return this.token.kind === 'end'
  }

  skipNewlines(): void {
    while (this.token.kind === 'newline') this.#at += 1
  }

  take(text: string): boolean {
    const { kind, text: here } = this.token
    if ((kind !== 'sign' && kind !== 'name') || here !== text) return false
    this.#at += 1
    return true
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.wrong(`expected ${text}, found ${this.token.text || this.token.kind}`)
  }

  name(): string {
    const { kind, text } = this.token
    if (kind !== 'name') throw this.wrong(`expected a name, found ${text || kind}`)
    this.#at += 1
    return text
  }

  text(): string {
    const { token } = this
    if (token.kind !== 'string' || token.holes.length > 0) throw this.wrong('expected a string without interpolation')
    this.#at += 1
    return token.text
  }

  /** A type: whatever stands before the value or the end of the line. */
  upToValue(): string {
    let text = ''
    while (!['newline', 'end'].includes(this.token.kind) && this.token.text !== '=') {
      text += this.token.kind === 'string' ? `'${this.token.text}'` : this.token.text
      this.#at += 1
    }
    return text
  }

  endOfLine(): void {
    if (this.token.kind !== 'newline' && this.token.kind !== 'end') throw this.wrong(`unexpected ${this.token.text}`)
  }

  args(): Expr[] {
    this.expect('(')
    return this.#separated(')', () => this.value())
  }

  #separated<T>(close: string, one: () => T): T[] {
    const items: T[] = []
    for (this.skipNewlines(); !this.take(close); this.skipNewlines()) {
      if (this.isEnd()) throw this.wrong(`${close} is missing`)
      items.push(one())
      const parted = this.token.kind === 'newline' || this.take(',')
      if (!parted && this.token.text !== close) throw this.wrong(`unexpected ${this.token.text}`)
    }
    return items
  }

  value(): Expr {
    const { line } = this.token
    if (this.take('if')) {
      this.expect('(')
      const when = this.value()
      this.expect(')')
      return { kind: 'if', line, when, yes: this.value() }
    }
    const names = this.#lambdaNames()
    if (names) return { kind: 'lambda', line, names, body: this.value() }
    const when = this.#binary(0)
    if (!this.#takeAcrossLines('?')) return when
    this.skipNewlines()
    const yes = this.value()
    if (!this.#takeAcrossLines(':')) throw this.wrong('a choice without :')
    this.skipNewlines()
    return { kind: 'choice', line, when, yes, otherwise: this.value() }
  }

  /** `?` and `:` of a choice may begin a line. */
  #takeAcrossLines(text: string): boolean {
    const start = this.#at
    this.skipNewlines()
    if (this.take(text)) return true
    this.#at = start
    return false
  }

  #isName(): boolean {
    return this.token.kind === 'name'
  }

  #lambdaNames(): string[] | undefined {
    const start = this.#at
    const names: string[] = []
    if (this.#isName()) names.push(this.name())
    else if (this.take('(')) {
      while (this.#isName()) {
        names.push(this.name())
        this.take(',')
      }
      if (!this.take(')')) names.length = 0
    }
    if (names.length > 0 && this.take('=>')) return names
    this.#at = start
    return undefined
  }

  #binary(level: number): Expr {
    const signs = LEVELS[level]
    if (!signs) return this.#unary()
    let left = this.#binary(level + 1)
    for (;;) {
      const { line } = this.token
      const sign = signs.find((one) => this.take(one))
      if (!sign) return left
      this.skipNewlines()
      left = { kind: 'binary', line, sign, left, right: this.#binary(level + 1) }
    }
  }

  #unary(): Expr {
    const { line } = this.token
    const sign = ['!', '-'].find((one) => this.take(one))
    if (sign) return { kind: 'unary', line, sign, of: this.#unary() }
    let of = this.#primary()
    for (;;) {
      const { line } = this.token
      if (this.take('.?')) of = { kind: 'member', line, of, name: this.name(), safe: true }
      else if (this.take('.')) of = { kind: 'member', line, of, name: this.name(), safe: false }
      else if (this.take('!')) continue
      else if (this.take('[')) {
        const safe = this.take('?')
        of = { kind: 'index', line, of, at: this.value(), safe }
        this.expect(']')
      } else return of
    }
  }

  #primary(): Expr {
    const { token } = this
    const { line } = token
    if (token.kind === 'string') {
      this.#at += 1
      if (token.holes.length === 0) return { kind: 'literal', line, value: token.text }
      const holes = token.holes.map((hole) => new Reader(this.#path, hole).value())
      return { kind: 'text', line, parts: token.parts, holes }
    }
    if (token.kind === 'number') {
      this.#at += 1
      return { kind: 'literal', line, value: Number(token.text) }
    }
    if (this.take('{')) return { kind: 'object', line, entries: this.#separated('}', () => this.#entry()) }
    if (this.take('[')) return this.#array(line)
    if (this.take('(')) {
      this.skipNewlines()
      const inner = this.value()
      this.skipNewlines()
      this.expect(')')
      return inner
    }
    if (this.take('true')) return { kind: 'literal', line, value: true }
    if (this.take('false')) return { kind: 'literal', line, value: false }
    if (this.take('null')) return { kind: 'literal', line, value: null }
    const name = this.name()
    if (this.token.text === '(' && this.token.kind === 'sign') return { kind: 'call', line, name, args: this.args() }
    return { kind: 'name', line, name }
  }

  #entry(): readonly [Expr, Expr] {
    const { line, kind } = this.token
    const key: Expr = kind === 'string' ? this.#primary() : { kind: 'literal', line, value: this.name() }
    this.expect(':')
    return [key, this.value()]
  }

  #array(line: number): Expr {
    this.skipNewlines()
    if (!this.take('for')) return { kind: 'array', line, items: this.#separated(']', () => this.value()) }
    const pair = this.take('(')
    const item = this.name()
    let index: string | undefined
    if (pair) {
      this.expect(',')
      index = this.name()
      this.expect(')')
    }
    this.expect('in')
    const of = this.value()
    this.expect(':')
    this.skipNewlines()
    const body = this.value()
    this.skipNewlines()
    this.expect(']')
    return { kind: 'for', line, item, index, of, body }
  }
}
