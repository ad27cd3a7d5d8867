// An alert that waits for what nobody writes is worse than none: each query is held against lines that the handlers write.

import alerts from '../../infra/alerts/alerts.json' with { type: 'json' }
import roles from '../../infra/roles.json' with { type: 'json' }
import * as config from '../../src/config.ts'
import { relianceOf } from '../support/queries.ts'
import { sampleLines } from '../support/records.ts'
import { codeOf, files, read } from '../support/sources.ts'

const METRIC = 'vault-refused'
const names = alerts.map(({ name }) => name)
const bicep = read('infra/modules/alerts.bicep')
const runbook = read('docs/runbook.md')
const queryOf = (name: string) => read(`infra/alerts/${name}.kql`)

interface WorkbookItem {
  readonly type: number
  readonly name: string
  readonly content: { readonly query?: string }
}
const workbook: { version: string; items: WorkbookItem[] } = JSON.parse(read('infra/workbook.json'))
const inWorkbook = workbook.items.flatMap(({ name, content: { query } }) => (query ? [[name, query] as const] : []))
const queries = [...names.map((name) => [name, queryOf(name)] as const), ...inWorkbook]

const lines: [record: string, fields: Record<string, unknown>][] = []
beforeAll(async () => {
  for (const line of await sampleLines()) {
    const [, record = '', json = ''] = /^(\S+) (\{.*\})$/.exec(line) ?? []
    lines.push([record, JSON.parse(json)])
  }
})

/** Names that the app gives to records, by its source. */
const written = new Set(
  files('src/**/*.ts').flatMap((path) =>
    [
      ...codeOf(path).matchAll(/(?:writeRecord\([^'"`]*|\b(?:error|warn)\()'(\w+(?:\.\w+)?)'/g),
      ...codeOf(path).matchAll(/^ {2}'(?:check-lost|failed-over|look-failed)': '(\S+)',$/gm),
    ].map(([, name = '']) => name),
  ),
)

test('the README has a row for every record that is written, and for no other', () => {
  const [, section = ''] = /## What the log says\n([\s\S]*?)\n## /.exec(read('README.md')) ?? []
  const rows = [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([\w.]+)`/g)])
  expect(rows.map(([, name]) => name).sort()).toEqual([...written].sort())
  expect(new Set(lines.map(([record]) => record))).toEqual(written)
})

test('there are a query, a rule and a section of the runbook for each alert, and no others', () => {
  expect(files('infra/alerts/*.kql')).toEqual(names.map((name) => `infra/alerts/${name}.kql`).sort())
  const loaded = bicep.matchAll(/^ {2}'([\w-]+)': loadTextContent\('\.\.\/alerts\/([\w-]+)\.kql'\)$/gm)
  expect([...loaded].map(([, key, file]) => [key, file])).toEqual(names.map((name) => [name, name]))
  const metrics = bicep.matchAll(/^ {2}name: '\$\{namePrefix\}-([\w-]+)'$/gm)
  expect([...metrics].map(([, name]) => name)).toEqual([METRIC])
  const [, sections = ''] = /\n## Alerts\n([\s\S]*?)\n## /.exec(runbook) ?? []
  expect([...sections.matchAll(/^### (.*)$/gm)].map(([, title]) => title)).toEqual([...names, METRIC])
})

test.each([...names, METRIC])('the runbook says of %s what it means, what to look at and what to do', (name) => {
  const [, section = ''] = new RegExp(`### ${name}\n\n([\\s\\S]*?)\n(?:###? |$)`).exec(runbook) ?? []
  expect([...section.matchAll(/^- \*\*(\w+):\*\* \S/gm)].map(([, word]) => word)).toEqual(['Means', 'Look', 'Do'])
})

describe.each(queries)('the query of %s', (_name, query) => {
  const { records, fields, values, loose } = relianceOf(query)

  test('waits for records that are written, and reads fields that are in them', () => {
    expect(loose).toEqual([])
    expect(records.filter((record) => !written.has(record))).toEqual([])
    const known = new Set(lines.flatMap(([record, body]) => Object.keys(body).map((field) => `${record} ${field}`)))
    expect(fields.filter((field) => !known.has(field))).toEqual([])
  })

  test('compares with values that are written', () => {
    const queues = [config.CHECKS_QUEUE, config.REQUESTS_QUEUE, config.NEAR_EXPIRY_QUEUE]
    const places = [...queues, ...roles.rotator.accounts.map((action) => action)]
    const own = ['name_taken', 'Success', 'Succeeded', '{{rotatorPrincipalId}}']
    const told = lines.flatMap(([, body]) => Object.values(body))
    const known = new Set([...places, ...own, ...told].map((value) => String(value).toLowerCase()))
    expect(values.filter((value) => !known.has(value.toLowerCase()))).toEqual([])
  })
})

test('requests for a token are those of the function that vends', () => {
  expect(codeOf('src/main.ts')).toContain("const ISSUE_TOKEN: Route = ['issueToken', 'accounts/{account}/token']")
  const others = queries.filter(([, query]) => query.includes('AppRequests') && !query.includes('Name == "issueToken"'))
  expect(others).toEqual([])
})

test('every queue that the app takes from is watched for parked messages, by the words of the host', () => {
  const queues = Object.entries(config).filter(([name]) => name.endsWith('_QUEUE'))
  const query = queryOf('message-parked')
  expect(relianceOf(query).values.toSorted()).toEqual(queues.map(([, queue]) => queue).sort())
  const words = /`(Message has reached MaxDequeueCount of )\$\{\w+\}\. (Moving message to queue ')\$\{poison\.name\}'/
  const [, start = '', end = ''] = words.exec(read('local/host/queues.ts')) ?? []
  expect([start, end].map((part) => part !== '' && query.includes(part))).toEqual([true, true])
})

const MINUTES = { PT5M: 5, PT15M: 15, PT30M: 30, PT1H: 60, PT3H: 180, PT6H: 360, P1D: 1_440, P2D: 2_880 }
const minutes = (duration: string) => Object.entries(MINUTES).find(([name]) => name === duration)?.[1] ?? Number.NaN

test.each(alerts)('$name looks back at least as far as it looks rarely', ({ every, window }) => {
  const [, shortest = ''] = /@allowed\(\['(\w+)'/.exec(bicep) ?? []
  expect(minutes(window === 'rounds' ? shortest : window)).toBeGreaterThanOrEqual(minutes(every))
})

test.each(alerts.filter(({ splitBy }) => splitBy !== ''))(
  '$name tells of each $splitBy by itself',
  ({ name, splitBy }) => {
    expect(queryOf(name)).toMatch(new RegExp(`\\bby ${splitBy}\\b`))
  },
)

test('the workbook is one, and each of its parts has a name of its own', () => {
  expect(workbook.version).toBe('Notebook/1.0')
  expect(new Set(workbook.items.map(({ name }) => name)).size).toBe(workbook.items.length)
  expect(workbook.items.filter(({ type }) => ![1, 3, 9].includes(type))).toEqual([])
  expect(inWorkbook.length).toBeGreaterThan(10)
})
