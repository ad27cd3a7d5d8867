// How far apart the occurrences of a schedule are: what a round may be spread over, and when a rotation is late.

const MONTHS = 'january february march april may june july august september october november december'.split(' ')
const DAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ')

interface Field {
  readonly low: number
  readonly high: number
  /** English names from `low` on; their first three letters do as well. */
  readonly names?: readonly string[]
}

const FIELDS = {
  second: { low: 0, high: 59 },
  minute: { low: 0, high: 59 },
  hour: { low: 0, high: 23 },
  day: { low: 1, high: 31 },
  month: { low: 1, high: 12, names: MONTHS },
  dayOfWeek: { low: 0, high: 6, names: DAYS },
} as const satisfies Record<string, Field>

const SECOND = 1_000
const DAY_SECONDS = 86_400
/** After 28 years the dates fall on the same days of the week again. */
const FIRST_DAY = Date.UTC(2024, 0, 1)
const DAYS_LOOKED_AT = 28 * 365 + 7

/** Both in milliseconds. */
export interface Period {
  readonly shortestMs: number
  readonly longestMs: number
}

/**
 * @param schedule NCRONTAB, `{second} {minute} {hour} {day} {month} {day of week}`; when day and day of week are both
 *   given, both must hold.
 * @returns the shortest and the longest time between two occurrences, by a clock without daylight saving; `undefined`
 *   for what is not such an expression, or never comes.
 */
export function periodOf(schedule: string): Period | undefined {
  const texts = schedule.trim().split(/\s+/)
  const fields = Object.values(FIELDS)
  if (texts.length !== fields.length) return undefined
  const sets = fields.map((field, at) => readField(texts[at] ?? '', field))
  const [seconds, minutes, hours, days, months, daysOfWeek] = sets
  if (!seconds || !minutes || !hours || !days || !months || !daysOfWeek) return undefined
  const times = hours.flatMap((hour) =>
    minutes.flatMap((minute) => seconds.map((second) => hour * 3_600 + minute * 60 + second)),
  )
  // Most schedules are of every day, and a start of the app that walks through the years for them is a slow one.
  const isDaily = months.length === 12 && days.length === 31 && daysOfWeek.length === 7
  if (isDaily) return gapsOf(times, [0], 1)
  const dates = Array.from({ length: DAYS_LOOKED_AT }, (_, day) => day).filter((day) => {
    const date = new Date(FIRST_DAY + day * DAY_SECONDS * SECOND)
    return (
      months.includes(date.getUTCMonth() + 1) &&
      days.includes(date.getUTCDate()) &&
      daysOfWeek.includes(date.getUTCDay())
    )
  })
  return gapsOf(times, dates, DAYS_LOOKED_AT)
}

/** @param times of a day, in seconds. @param dates in days; both rise. @param goesRoundAfter in days. */
function gapsOf(times: readonly number[], dates: readonly number[], goesRoundAfter: number): Period | undefined {
  const [first, last] = [times[0], times.at(-1)]
  const [firstDate, lastDate] = [dates[0], dates.at(-1)]
  if (first === undefined || last === undefined || firstDate === undefined || lastDate === undefined) return undefined
  // The years go round: after the last date comes the first one again.
  const nights = [...steps(dates), firstDate + goesRoundAfter - lastDate]
  let [shortest, longest] = [Number.POSITIVE_INFINITY, 0]
  for (const gap of [...steps(times), ...nights.map((days) => first + days * DAY_SECONDS - last)]) {
    shortest = Math.min(shortest, gap)
    longest = Math.max(longest, gap)
  }
  return { shortestMs: shortest * SECOND, longestMs: longest * SECOND }
}

const steps = (values: readonly number[]): number[] =>
  values.slice(1).map((value, at) => value - (values[at] ?? Number.NaN))

/** The values that a field names, rising; `undefined` when it is not one. */
function readField(text: string, field: Field): readonly number[] | undefined {
  const items = text.split(',').map((item) => readItem(item, field))
  if (!items.every((item) => item !== undefined)) return undefined
  return [...new Set(items.flat())].sort((a, b) => a - b)
}

function readItem(item: string, field: Field): number[] | undefined {
  const [, from = '', to, stepText] = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/i.exec(item) ?? []
  const step = Number(stepText ?? 1)
  if (step === 0 || (from === '*' && to !== undefined)) return undefined
  const first = from === '*' ? field.low : readValue(from, field)
  // A step on a single value runs to the end of the field.
  const open = from === '*' || (to === undefined && stepText !== undefined)
  const last = open ? field.high : readValue(to ?? from, field)
  if (first === undefined || last === undefined || last < first) return undefined
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, at) => first + at * step)
}

function readValue(text: string, { low, high, names }: Field): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text) >= low && Number(text) <= high ? Number(text) : undefined
  const at = names?.findIndex((name) => name === text.toLowerCase() || name.slice(0, 3) === text.toLowerCase()) ?? -1
  return at < 0 ? undefined : at + low
}
