// Thirty-two applications: each vends with an Entra token of its own, and uses every token to the end of `expires_in`.

import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { callService, entraToken, type Registration } from '../client.ts'
import { count } from '../count.ts'
import type { Allowances } from './allowances.ts'

export interface Target {
  readonly name: string
  readonly kind: string
  readonly region: string
}

export interface Counts {
  vends: number
  /** Accounts of which somebody was given a token. */
  readonly vended: Set<string>
  calls: number
  /** Calls that were answered when `expires_in` was over. */
  late: number
  /** Refusals that the soak itself caused, by code and account. */
  readonly expected: Map<string, Map<string, number>>
  readonly broken: string[]
}

export const noCounts = (): Counts => ({
  vends: 0,
  vended: new Set(),
  calls: 0,
  late: 0,
  expected: new Map(),
  broken: [],
})

export interface CallerDeps {
  readonly vendorUrl: string
  readonly registration: Registration
  readonly targets: readonly Target[]
  readonly allowances: Allowances
  readonly counts: Counts
  readonly paceMs: number
  readonly random: () => number
  readonly signal: AbortSignal
}

/** Of a token: until when it was promised to work, by a clock that was read before it was asked for. */
interface Held {
  readonly target: Target
  readonly token: string
  readonly until: number
}

const issued = z.object({ access_token: z.string(), expires_in: z.number() })
const problem = z.object({ code: z.string() })
/** Kept of each caller: the newest, and some that it was given before. */
const KEPT = 8

export async function runCaller(deps: CallerDeps): Promise<void> {
  const { targets, counts, paceMs, random, signal } = deps
  const bearer = await entraToken(deps.registration)
  const held: Held[] = []
  while (!signal.aborted) {
    // Not in turn: callers who wait for one account would go on together to the next.
    const target = targets[Math.floor(random() * targets.length)]
    if (target) {
      const given = await vend(deps, target, bearer).catch((error: unknown) => {
        if (!signal.aborted) counts.broken.push(`${target.name}: no answer to a vend (${nameOf(error)})`)
        return undefined
      })
      if (given) held.unshift(given)
    }
    held.splice(KEPT)
    // The one that was just given, and one from before that is to work as well.
    for (const one of [held[0], held[1 + Math.floor(random() * (KEPT - 1))]]) if (one) await use(deps, one)
    await sleep(paceMs * (0.5 + random()))
  }
}

async function vend({ vendorUrl, allowances, counts }: CallerDeps, target: Target, bearer: string) {
  const askedAt = Date.now()
  const answer = await fetch(`${vendorUrl}/api/accounts/${target.name}/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}` },
  })
  const body: unknown = await answer.json()
  counts.vends += 1
  if (answer.status === 200) {
    const { access_token: token, expires_in: seconds } = issued.parse(body)
    counts.vended.add(target.name)
    return { target, token, until: askedAt + seconds * 1_000 }
  }
  const { code } = problem.parse(body)
  if (allowances.covers(target.name, code, askedAt, Date.now())) {
    const accounts = counts.expected.get(code) ?? new Map<string, number>()
    count(accounts, target.name)
    counts.expected.set(code, accounts)
  } else counts.broken.push(`${new Date().toISOString()} ${target.name}: a vend was refused: ${answer.status} ${code}`)
  return undefined
}

async function use({ counts, signal }: CallerDeps, { target, token, until }: Held): Promise<void> {
  if (Date.now() >= until) return
  try {
    const status = await callService(target, { kind: 'token', token })
    counts.calls += 1
    if (status === 200) return
    if (Date.now() >= until) counts.late += 1
    else
      counts.broken.push(`${new Date().toISOString()} ${target.name}: a call inside expires_in was answered ${status}`)
  } catch (error) {
    if (!signal.aborted) counts.broken.push(`${target.name}: no answer to a call (${nameOf(error)})`)
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.message : 'not an error')
