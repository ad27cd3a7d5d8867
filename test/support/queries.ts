// What a KQL query over our log relies on: names of records, their fields, and the values that it compares.

export interface Reliance {
  /** Names that `Message` begins with, when they are those of records. */
  readonly records: readonly string[]
  /** `record.field` pairs that are read. */
  readonly fields: readonly string[]
  /** Texts that something is compared with. */
  readonly values: readonly string[]
  /** Variables that hold a parsed record of no known name, or are read and never parsed. */
  readonly loose: readonly string[]
}

const COMPARED = /(?:==|!=|=~|!~|!?\bin~?)\s*\(?\s*("[^"]*"(?:\s*,\s*"[^"]*")*)/g

export function relianceOf(query: string): Reliance {
  const text = query.replaceAll(/^\s*\/\/.*$/gm, '')
  const records = [...text.matchAll(/Message startswith "(\w+(?:\.\w+)?) "/g)].map(([, name = '']) => name)
  const jsons = new Map(
    [...text.matchAll(/parse Message with "([\w.]+) " (\w+)/g)].map(([, name, json]) => [json, name]),
  )
  const parsed = [...text.matchAll(/(\w+) = parse_json\((\w+)\)/g)]
  const recordOf = new Map(parsed.map(([, variable, json]) => [variable, jsons.get(json)]))
  const code = text.replaceAll(/(?<!\[)"[^"]*"/g, '')
  const read = [...code.matchAll(/\b([A-Z]\w*)(?:\.(\w+)|\["(\w+)"\])/g)].map(([, variable, a, b]) => [
    variable,
    a ?? b,
  ])
  return {
    records: [...new Set(records)],
    fields: [...new Set(read.map(([variable, field]) => `${recordOf.get(variable)} ${field}`))],
    values: [...text.matchAll(COMPARED)].flatMap(([, list = '']) =>
      [...list.matchAll(/"([^"]*)"/g)].map(([, one = '']) => one),
    ),
    loose: [
      ...[...recordOf]
        .filter(([, name]) => name === undefined || !records.includes(name))
        .map(([variable = '']) => variable),
      ...read.filter(([variable]) => !recordOf.has(variable)).map(([variable = '']) => variable),
    ],
  }
}
