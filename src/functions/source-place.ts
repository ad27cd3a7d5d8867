// The app is packed small: a place in what runs says nothing to a person, and the map beside it says where that was.

import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapping } from 'node:module'
import { fileURLToPath } from 'node:url'

const FRAME = /^\s*at (?:(?:async )?\S+ \()?(file:\/\/[^\s)]+):(\d+):(\d+)\)?$/

/** Few files, and read once each: whoever can have errors as often as they like must not have files read as often. */
const maps = new Map<string, SourceMap | undefined>()

/**
 * @param frame a line of a stack.
 * @returns `at src/…:line:column`, or the frame as it is where there is no map or it knows no such place.
 */
export function sourcePlace(frame: string): string {
  const [, url = '', line, column] = FRAME.exec(frame) ?? []
  const found = url === '' ? undefined : mapOf(url)?.findEntry(Number(line) - 1, Number(column) - 1)
  if (found === undefined || !isMapping(found)) return frame.trim()
  const source = found.originalSource.replace(/^(file:\/\/)?.*?(?=(src|node_modules)\/)/, '')
  return `at ${source}:${found.originalLine + 1}:${found.originalColumn + 1}`
}

/** Where an error that is not ours came from. Its message may hold anything, so only its name and place are told. */
export function whereThrown(error: unknown): string {
  if (!(error instanceof Error)) return 'not an error'
  const place = error.stack?.split('\n').find((line) => /^\s+at /.test(line))
  return `${error.name}${place === undefined ? '' : ` ${sourcePlace(place)}`}`
}

const isMapping = (entry: object): entry is SourceMapping => 'originalSource' in entry

function mapOf(url: string): SourceMap | undefined {
  if (!maps.has(url)) maps.set(url, readMap(url))
  return maps.get(url)
}

function readMap(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, 'utf8')))
  } catch {
    return undefined
  }
}
