// ISO 8601 durations, as settings and account tags write them.

const WEEK = 7 * 86_400
const DURATION = /^P(?=[\dT])(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/

/**
 * Milliseconds in an ISO 8601 duration of whole weeks, days, hours, minutes and seconds: `P30D`, `P2DT12H`, `PT45S`.
 * Years and months have no fixed length and are refused, and so is whatever is longer than ten years.
 *
 * @returns `undefined` when the text is none of these.
 */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text)
  if (!parts) return undefined
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0))
  const total = weeks * WEEK + days * 86_400 + hours * 3_600 + minutes * 60 + seconds
  return total <= 3_653 * 86_400 ? total * 1_000 : undefined
}
