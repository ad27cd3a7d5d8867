// NCRONTAB, the six-field schedules of timer triggers: checked here, since croner takes more, and run by croner.

import { Cron } from 'croner'
import { StartError } from './errors.ts'

const MONTHS = 'january february march april may june july august september october november december'.split(' ')
const DAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ')

interface Field {
  readonly name: string
  readonly low: number
  readonly high: number
  /** Full English names from `low` on; their first three letters do as well. */
  readonly names?: readonly string[]
}

const FIELDS: readonly Field[] = [
  { name: 'second', low: 0, high: 59 },
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, names: MONTHS },
  { name: 'day of week', low: 0, high: 6, names: DAYS },
]

export interface Schedule {
  readonly expression: string
  /** The first occurrence strictly after the given instant, in the machine's time zone. */
  next(after: Date): Date
}

/**
 * @param expression `{second} {minute} {hour} {day} {month} {day of week}`; a field is `*`, a value, a range, a list
 *   of these, each with a step if need be. When day and day of week are both given, both must hold.
 * @throws {StartError} For anything else, `?`, `L`, `W`, `#`, nicknames and other numbers of fields included, and
 *   for a schedule that never comes.
 */
export function parseNcrontab(expression: string): Schedule {
  const refuse = (why: string) => new StartError(`not an NCRONTAB schedule: '${expression}' ${why}`)
  const texts = expression.trim().split(/\s+/)
  if (texts.length !== FIELDS.length) throw refuse(`has ${texts.length} fields; it must have 6, seconds first`)
  const pattern = FIELDS.map((field, at) => {
    const items = (texts[at] ?? '').split(',').map((item) => readItem(item, field))
    if (!items.every((item) => item !== undefined)) throw refuse(`has a ${field.name} that is not one: ${texts[at]}`)
    return items.join(',')
  })
  const cron = new Cron(pattern.join(' '), { mode: '6-part', domAndDow: true, paused: true })
  if (!cron.nextRun()) throw refuse('never comes')
  return {
    expression,
    next(after) {
      const next = cron.nextRun(after)
      if (!next) throw refuse('never comes again')
      return next
    },
  }
}

/** @returns The item in numbers, in croner's spelling, or `undefined` when NCRONTAB does not take it. */
function readItem(item: string, field: Field): string | undefined {
  const [, from = '', to, stepText] = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/i.exec(item) ?? []
  const step = stepText === undefined ? '' : `/${Number(stepText)}`
  if (step === '/0' || Number(stepText ?? 1) > field.high) return undefined
  if (from === '*') return to === undefined ? `*${step}` : undefined
  const first = readValue(from, field)
  const last = to === undefined ? undefined : readValue(to, field)
  if (first === undefined) return undefined
  // A step on a single value runs to the end of the field.
  if (to === undefined) return step === '' ? String(first) : `${first}-${field.high}${step}`
  return last === undefined || last < first ? undefined : `${first}-${last}${step}`
}

function readValue(text: string, { low, high, names }: Field): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text) >= low && Number(text) <= high ? Number(text) : undefined
  const at = names?.findIndex((name) => name === text.toLowerCase() || name.slice(0, 3) === text.toLowerCase()) ?? -1
  return at < 0 ? undefined : at + low
}
