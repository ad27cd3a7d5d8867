// The last run of an account, as it was noted with its lease: read field by field, since a blob may hold anything.

import { sameId } from '../common/account.ts'

/** Instants are ISO 8601 in UTC. */
export interface LastRun {
  readonly at: string
  /** `failed`, or the kind of an outcome. */
  readonly outcome: string
  /** What the outcome says beside its kind: `reason`, `why`, `until`, `slot`, `detail`, `proof`. */
  readonly details: Readonly<Record<string, string>>
  readonly planned: readonly string[]
  readonly did: readonly string[]
}

const DETAILS = ['reason', 'detail', 'why', 'until', 'slot', 'proof']

/** @returns `undefined` for what is no note, or the note of another account that wants the same secret. */
export function readNote(note: object | undefined, id: string): LastRun | undefined {
  const outcome = field(note, 'outcome')
  const [at, kind, account] = [text(note, 'at'), text(outcome, 'kind'), text(note, 'account')]
  if (at === undefined || kind === undefined || (account !== undefined && !sameId(account, id))) return undefined
  const details: [string, string][] = DETAILS.flatMap((name) => {
    const detail = text(outcome, name)
    return detail === undefined ? [] : [[name, detail]]
  })
  return {
    at,
    outcome: kind,
    details: Object.fromEntries(details),
    planned: texts(note, 'planned'),
    did: texts(note, 'did'),
  }
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

function text(value: unknown, name: string): string | undefined {
  const found = field(value, name)
  return typeof found === 'string' ? found : undefined
}

function texts(value: unknown, name: string): readonly string[] {
  const found = field(value, name)
  return Array.isArray(found) ? found.filter((each) => typeof each === 'string') : []
}
