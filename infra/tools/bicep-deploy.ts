// What a template would ask ARM for, with given parameters: every resource after all modules, loops and conditions.
// It evaluates, and does not deploy; what only Azure knows stays a named reference.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { functions, isObject, Ref, TemplateRefused, toText, type Value } from './bicep-functions.ts'
import { type BicepFile, type Declaration, type Expr, parseBicep } from './bicep-parse.ts'
import { idOf, type Place, placed } from './bicep-scopes.ts'
import { checkType, type Locals, member, plain, plainEntries, type Seen, Symbolic } from './bicep-symbols.ts'
import { BicepError } from './bicep-tokens.ts'

export interface Resource {
  readonly type: string
  readonly version: string
  readonly id: string
  readonly name: string
  /** The file that declares it. */
  readonly file: string
  readonly body: { readonly [name: string]: Value }
}

export interface Deployment {
  readonly resources: readonly Resource[]
  readonly outputs: { readonly [name: string]: Value }
  /** Outputs of every module that took part, by `file output`. */
  readonly outputNames: readonly string[]
}

const HERE: Place = { subscription: '11111111-1111-4111-8111-111111111111', group: undefined }

/**
 * @param read how to read a file, so that a test may change one.
 * @throws TemplateRefused when the template refuses its parameters. @throws BicepError for what does not fit together.
 */
export function deploy(
  path: string,
  parameters: { readonly [name: string]: Value },
  read: (path: string) => string = (file) => readFileSync(file, 'utf8'),
  group?: string,
): Deployment {
  const resources: Resource[] = []
  const outputNames: string[] = []
  const run = new Run(read, resources, outputNames)
  const outputs = run.file(path, parameters, { ...HERE, group })
  return { resources, outputs, outputNames }
}

class Run {
  readonly #read: (path: string) => string
  readonly #resources: Resource[]
  readonly #outputNames: string[]

  constructor(read: (path: string) => string, resources: Resource[], outputNames: string[]) {
    this.#read = read
    this.#resources = resources
    this.#outputNames = outputNames
  }

  file(path: string, parameters: { readonly [name: string]: Value }, place: Place): { [name: string]: Value } {
    const file = parseBicep(path, this.#read(path))
    const scoped = file.scope === 'subscription' ? { ...place, group: undefined } : place
    return new Scope(this, file, parameters, scoped).run()
  }

  read(path: string): string {
    return this.#read(path)
  }

  add(resource: Resource): void {
    this.#resources.push(resource)
  }

  named(output: string): void {
    this.#outputNames.push(output)
  }
}

class Scope {
  readonly #run: Run
  readonly #file: BicepFile
  readonly #given: { readonly [name: string]: Value }
  readonly #place: Place
  readonly #seen = new Map<string, Seen>()
  readonly #declared: ReadonlyMap<string, Declaration>

  constructor(run: Run, file: BicepFile, given: { readonly [name: string]: Value }, place: Place) {
    this.#run = run
    this.#file = file
    this.#given = given
    this.#place = place
    this.#declared = new Map(
      file.declarations.filter(({ kind }) => kind !== 'output' && kind !== 'metadata').map((one) => [one.name, one]),
    )
  }

  run(): { [name: string]: Value } {
    for (const name of Object.keys(this.#given)) {
      if (this.#declared.get(name)?.kind !== 'param') throw new BicepError(this.#file.path, 0, `no parameter ${name}`)
    }
    for (const { name } of this.#declared.values()) this.#symbol(name)
    const outputs: { [name: string]: Value } = {}
    for (const { kind, name, value } of this.#file.declarations) {
      if (kind !== 'output' || !value) continue
      this.#run.named(`${this.#file.path} ${name}`)
      outputs[name] = plain(this.#eval(value, {}))
    }
    return outputs
  }

  #symbol(name: string): Seen {
    if (this.#seen.has(name)) return this.#seen.get(name)
    const declaration = this.#declared.get(name)
    if (!declaration) throw new TypeError(`nothing is called ${name}`)
    const seen = this.#make(declaration)
    this.#seen.set(name, seen)
    return seen
  }

  #make(declaration: Declaration): Seen {
    const { kind, name, value, line } = declaration
    try {
      if (kind === 'param') return this.#parameter(declaration)
      if (!value) return undefined
      if (kind === 'var') return this.#eval(value, {})
      const build = kind === 'module' ? this.#module.bind(this) : this.#resource.bind(this)
      if (value.kind !== 'for') return build(declaration, value, {}, '')
      const items = this.#eval(value.of, {})
      if (!Array.isArray(items)) throw new TypeError('a loop over something else than an array')
      return items.map((item, index) => {
        const locals = { [value.item]: item, ...(value.index ? { [value.index]: index } : {}) }
        return build(declaration, value.body, locals, `[${index}]`)
      })
    } catch (error) {
      if (error instanceof BicepError || error instanceof TemplateRefused) throw error
      throw new BicepError(this.#file.path, line, `${kind} ${name}: ${error instanceof Error ? error.message : error}`)
    }
  }

  #parameter({ name, value, of, decorators }: Declaration): Value {
    const given = Object.hasOwn(this.#given, name) ? this.#given[name] : value && plain(this.#eval(value, {}))
    if (given === undefined && !of.endsWith('?')) throw new TypeError('no value and no default')
    checkType(of, given)
    for (const { name: rule, args } of decorators) {
      const bound = args[0] && plain(this.#eval(args[0], {}))
      const refuse = () => new TemplateRefused(`parameter ${name}: ${rule} ${JSON.stringify(bound)}`)
      if (given instanceof Ref) continue
      if (rule === 'allowed' && Array.isArray(bound) && !bound.includes(given)) throw refuse()
      const length = typeof given === 'string' || Array.isArray(given) ? given.length : 0
      if (rule === 'minLength' && length < Number(bound)) throw refuse()
      if (rule === 'maxLength' && length > Number(bound)) throw refuse()
      if (rule === 'minValue' && Number(given) < Number(bound)) throw refuse()
      if (rule === 'maxValue' && Number(given) > Number(bound)) throw refuse()
    }
    return given
  }

  #resource({ name: symbol, of, existing }: Declaration, expr: Expr, locals: Locals, at: string): Seen {
    const [type = '', version = ''] = of.split('@')
    const path = `${type}${at}`
    if (expr.kind === 'if') {
      if (this.#condition(expr.when, locals))
        return this.#resource(declarationOf(symbol, of, existing), expr.yes, locals, at)
      return new Symbolic({ id: new Ref(`absent ${path}`) }, `absent ${path}`)
    }
    const seen = this.#object(expr, locals)
    const scope = seen.scope
    const parent = seen.parent
    const ownName = seen.name ?? seen.uniqueName ?? seen.appId // Graph has no names
    const name = `${parent instanceof Symbolic ? `${toText(plain(parent.known.name))}/` : ''}${toText(plain(ownName))}`
    const body = plainEntries(seen, ['scope', 'parent', 'dependsOn', 'name'])
    const id = this.#resourceId(type, name, parent instanceof Symbolic ? parent : scope, parent instanceof Symbolic)
    const known = { ...body, id, name: toText(plain(ownName)), type, apiVersion: version, fullName: name }
    if (!existing) this.#run.add({ type, version, id, name, file: this.#file.path, body })
    return new Symbolic({ ...known, name: parent instanceof Symbolic ? name : known.name }, id)
  }

  #resourceId(type: string, name: string, scope: Seen, isParent: boolean): string {
    const names = name.includes('‹') ? [name] : name.split('/')
    if (isParent && scope instanceof Symbolic) return `${scope.known.id}/${type.split('/').at(-1)}/${names.at(-1)}`
    const [provider, ...types] = type.split('/')
    if (type === 'Microsoft.Resources/resourceGroups')
      return `${idOf({ ...this.#place, group: undefined })}/resourceGroups/${name}`
    if (types.length !== names.length) throw new TypeError(`${name} has another depth than ${type}`)
    const base = scope instanceof Symbolic ? toText(plain(scope.known.id)) : idOf(this.#place)
    return `${base}/providers/${provider}/${types.map((one, index) => `${one}/${names[index]}`).join('/')}`
  }

  #module({ name: symbol, of, existing }: Declaration, expr: Expr, locals: Locals, at: string): Seen {
    if (expr.kind === 'if') {
      if (this.#condition(expr.when, locals))
        return this.#module(declarationOf(symbol, of, existing), expr.yes, locals, at)
      return new Symbolic({ outputs: new Ref(`absent ${symbol}`) }, `absent ${symbol}`)
    }
    const seen = this.#object(expr, locals)
    const params = plain(seen.params ?? {})
    if (!isObject(params)) throw new TypeError('params is no object')
    const scope = seen.scope
    let place = this.#place
    if (scope instanceof Symbolic) {
      const id = toText(plain(scope.known.id))
      const [, , subscription = '', , group] = id.split('/')
      place = { subscription, group }
    }
    const outputs = this.#run.file(join(dirname(this.#file.path), of), params, place)
    return new Symbolic({ outputs, name: plain(seen.name ?? symbol) }, `module ${symbol}${at}`)
  }

  #condition(expr: Expr, locals: Locals): boolean {
    const value = this.#eval(expr, locals)
    if (typeof value !== 'boolean') throw new TypeError('a condition that is not known before the deployment')
    return value
  }

  #object(expr: Expr, locals: Locals): { [name: string]: Seen } {
    if (expr.kind !== 'object') throw new TypeError('expected an object')
    const seen: { [name: string]: Seen } = {}
    for (const [key, value] of expr.entries) {
      const name = toText(plain(this.#eval(key, locals)))
      if (Object.hasOwn(seen, name)) throw new TypeError(`${name} is there twice`)
      seen[name] = this.#eval(value, locals)
    }
    return seen
  }

  #eval(expr: Expr, locals: Locals): Seen {
    const go = (one: Expr) => this.#eval(one, locals)
    switch (expr.kind) {
      case 'literal':
        return expr.value
      case 'text':
        return expr.parts.reduce((all, part, at) => all + toText(plain(go(expr.holes[at - 1] as Expr))) + part)
      case 'name':
        return Object.hasOwn(locals, expr.name) ? locals[expr.name] : this.#symbol(expr.name)
      case 'member':
        return member(go(expr.of), expr.name, expr.safe)
      case 'index': {
        const at = plain(go(expr.at))
        return member(go(expr.of), typeof at === 'number' ? at : toText(at), expr.safe)
      }
      case 'unary': {
        const value = plain(go(expr.of))
        if (expr.sign === '-') return -Number(value)
        if (typeof value !== 'boolean') throw new TypeError('! of something that is not true or false')
        return !value
      }
      case 'binary':
        return this.#binary(expr.sign, expr.left, expr.right, locals)
      case 'choice':
        return this.#condition(expr.when, locals) ? go(expr.yes) : go(expr.otherwise)
      case 'object':
        return this.#object(expr, locals) as Value
      case 'array':
        return expr.items.map(go)
      case 'lambda':
        return (...args: Value[]) =>
          plain(
            this.#eval(expr.body, { ...locals, ...Object.fromEntries(expr.names.map((name, at) => [name, args[at]])) }),
          )
      case 'for': {
        const items = go(expr.of)
        if (!Array.isArray(items)) throw new TypeError('a loop over something else than an array')
        return items.map((item, index) =>
          this.#eval(expr.body, { ...locals, [expr.item]: item, ...(expr.index ? { [expr.index]: index } : {}) }),
        )
      }
      case 'if':
        throw new TypeError('if outside of a resource or module')
      case 'call':
        return this.#call(expr.name, expr.args, locals)
    }
  }

  #binary(sign: string, left: Expr, right: Expr, locals: Locals): Seen {
    const a = this.#eval(left, locals)
    const other = () => this.#eval(right, locals)
    if (sign === '??') return a ?? other()
    if (sign === '||' || sign === '&&') {
      if (typeof a !== 'boolean') throw new TypeError(`${sign} of something that is not true or false`)
      return a === (sign === '||') ? a : other()
    }
    const [x, y] = [plain(a), plain(other())]
    const [m, n] = [Number(x), Number(y)]
    if (sign === '==' || sign === '!=') return (JSON.stringify(x) === JSON.stringify(y)) === (sign === '==')
    if (sign === '=~' || sign === '!~') return (toText(x).toLowerCase() === toText(y).toLowerCase()) === (sign === '=~')
    const numbers: Record<string, number | boolean> = {
      '+': m + n,
      '-': m - n,
      '*': m * n,
      '/': Math.trunc(m / n),
      '%': m % n,
      '<': m < n,
      '>': m > n,
      '<=': m <= n,
      '>=': m >= n,
    }
    return numbers[sign]
  }

  #call(name: string, args: readonly Expr[], locals: Locals): Seen {
    const value = (at: number) => plain(this.#eval(args[at] as Expr, locals))
    const values = () => args.map((_, at) => value(at))
    switch (name) {
      case 'loadJsonContent':
        return JSON.parse(this.#run.read(join(dirname(this.#file.path), toText(value(0)))))
      case 'loadTextContent':
        return this.#run.read(join(dirname(this.#file.path), toText(value(0))))
      case 'subscription':
      case 'resourceGroup':
      case 'resourceId':
      case 'subscriptionResourceId':
        return placed(name, values(), this.#place)
      case 'deployment':
        return { name: 'deployment' }
      default: {
        const known = Object.hasOwn(functions, name) ? functions[name] : undefined
        if (!known) throw new TypeError(`no function ${name} here`)
        return known(...values())
      }
    }
  }
}

const declarationOf = (name: string, of: string, existing: boolean): Declaration => ({
  kind: 'resource',
  name,
  of,
  existing,
  line: 0,
  decorators: [],
  value: undefined,
})
