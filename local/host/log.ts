// One line per event: `[ISO time] level source message`, filtered by the log levels of host.json.

import type { CoreLogLevel } from './core-types.ts'

export type LogLevel = CoreLogLevel

const ORDER: readonly LogLevel[] = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none']

/** Category (or the first dotted parts of one, or `default`) to the lowest level that is written. */
export type LogLevels = Readonly<Record<string, LogLevel>>

export interface Logger {
  /**
   * @param source The function's name, or `host`; the third word of the line.
   * @param category What host.json's logLevel keys are matched with, such as `Function.checkAccount.User`.
   */
  log(level: LogLevel, source: string, category: string, message: string): void
  /** The levels of host.json, once it has been read. */
  setLevels(levels: LogLevels): void
}

/** Line breaks inside a message are written as `\n`, so that one event stays one line. */
export function createLogger(write: (line: string) => void): Logger {
  let levels: LogLevels = {}
  const known = new Map<string, number>()
  const leastOf = (category: string): number => {
    const before = known.get(category)
    if (before !== undefined) return before
    const least = ORDER.indexOf(levelFor(levels, category))
    known.set(category, least)
    return least
  }
  // Many lines are of one millisecond, and a date is most of what writing one costs.
  let [writtenAt, date] = [0, '']
  const isoTime = (): string => {
    const now = Date.now()
    if (now !== writtenAt) [writtenAt, date] = [now, new Date(now).toISOString()]
    return date
  }
  return {
    log(level, source, category, message) {
      if (ORDER.indexOf(level) < leastOf(category) || level === 'none') return
      write(`[${isoTime()}] ${level} ${source} ${message.replaceAll(/\r?\n/g, '\\n')}`)
    },
    setLevels(given) {
      levels = given
      known.clear()
    },
  }
}

/** @returns The level of the longest key that is the category or its dotted beginning; `information` if none says. */
export function levelFor(levels: LogLevels, category: string): LogLevel {
  for (let key = category; key !== ''; key = key.slice(0, Math.max(0, key.lastIndexOf('.')))) {
    const level = levels[key]
    if (level) return level
  }
  return levels.default ?? 'information'
}
