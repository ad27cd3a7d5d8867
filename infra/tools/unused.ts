// What a Bicep file declares and does not use. The compiler warns of it; this tells where there is no compiler.

import type { BicepFile, Expr } from './bicep-parse.ts'

export function unused({ declarations }: BicepFile): string[] {
  const used = new Set(
    declarations.flatMap(({ value, decorators }) => [
      ...names(value),
      ...decorators.flatMap(({ args }) => args.flatMap(names)),
    ]),
  )
  return declarations
    .filter(({ kind, name }) => (kind === 'param' || kind === 'var') && !used.has(name))
    .map(({ kind, name }) => `${kind} ${name}`)
}

function names(expr: Expr | undefined): string[] {
  if (!expr) return []
  if (expr.kind === 'name') return [expr.name]
  return Object.values(expr).flatMap(function within(part: unknown): string[] {
    if (Array.isArray(part)) return part.flatMap(within)
    return typeof part === 'object' && part !== null && 'kind' in part ? names(part as Expr) : []
  })
}
