// An alert that waits for what nobody writes is worse than none: each query is held against lines that the handlers write.

import { join } from 'node:path'
import alerts from '../../infra/alerts/alerts.json' with { type: 'json' }
import roles from '../../infra/roles.json' with { type: 'json' }
import * as config from '../../src/config.ts'
import { broken, root } from '../support/broken.ts'
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
const queriesIn = ({ items }: typeof workbook) =>
  items.flatMap(({ name, content: { query } }) => (query ? [[name, query] as const] : []))
const inWorkbook = queriesIn(workbook)
const queries = [...names.map((name) => [name, queryOf(name)] as const), ...inWorkbook]

const lines: [record: string, fields: Record<string, unknown>][] = []
beforeAll(async () => {
  for (const line of await sampleLines()) {
    const [, record = '', json = ''] = /^(\S+) (\{.*\})$/.exec(line) ?? []
    lines.push([record, JSON.parse(json)])
  }
})

type Read = (path: string) => string
const readBroken = (...change: Parameters<typeof broken>): Read => {
  const file = broken(...change)
  return (path) => file(join(root, path))
}

/** Names that the app gives to records, by its source. */
const writtenBy = (read: Read): string[] => {
  const found = files('src/**/*.ts').flatMap((path) => {
    const text = read(path)
    return [
      ...text.matchAll(/(?:writeRecord\([^'"`]*|\b(?:error|warn)\()'(\w+(?:\.\w+)?)'/g),
      ...text.matchAll(/^ {2}'(?:check-lost|failed-over|look-failed)': '(\S+)',$/gm),
    ].map(([, name = '']) => name)
  })
  return [...new Set(found)]
}

/** What is missing, what is one too many, and whether it stands in another order. */
function unlike(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  const missing = wanted.filter((name) => !found.includes(name))
  const more = found.filter((name, at) => !wanted.includes(name) || found.indexOf(name) !== at)
  const problems = [
    ...missing.map((name) => `${what}: ${name} is missing`),
    ...more.map((name) => `${what}: ${name} is one too many`),
  ]
  return problems.length === 0 && found.join() !== wanted.join() ? [`${what}: another order`] : problems
}

/** README and handlers name the records that the source names, and no others. */
function problemsOfRecords(read: Read): string[] {
  const written = writtenBy(read).sort()
  const [, section = ''] = /## What the log says\n([\s\S]*?)\n## /.exec(read('README.md')) ?? []
  const rows = [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([\w.]+)`/g)])
  const inReadme = rows.map(([, name = '']) => name).sort()
  const seen = [...new Set(lines.map(([record]) => record))].sort()
  return [...unlike('README.md', inReadme, written), ...unlike('the handlers', seen, written)]
}

/** There are a query, a rule and a section of the runbook for each alert, and no others. */
function problemsOfNames(read: Read): string[] {
  const named: { name: string }[] = JSON.parse(read('infra/alerts/alerts.json'))
  const wanted = named.map(({ name }) => name)
  const template = read('infra/modules/alerts.bicep')
  const loaded = [...template.matchAll(/^ {2}'([\w-]+)': loadTextContent\('\.\.\/alerts\/([\w-]+)\.kql'\)$/gm)]
  const metrics = [...template.matchAll(/^ {2}name: '\$\{namePrefix\}-([\w-]+)'$/gm)]
  const [, sections = ''] = /\n## Alerts\n([\s\S]*?)\n## /.exec(read('docs/runbook.md')) ?? []
  const titles = [...sections.matchAll(/^### (.*)$/gm)].map(([, title = '']) => title)
  const path = (name: string) => `infra/alerts/${name}.kql`
  return [
    ...unlike('infra/alerts', files('infra/alerts/*.kql'), wanted.map(path).sort()),
    ...unlike(
      'keys of alerts.bicep',
      loaded.map(([, key = '']) => key),
      wanted,
    ),
    ...unlike(
      'files of alerts.bicep',
      loaded.map(([, , file = '']) => file),
      wanted,
    ),
    ...unlike(
      'metrics of alerts.bicep',
      metrics.map(([, name = '']) => name),
      [METRIC],
    ),
    ...unlike('docs/runbook.md', titles, [...wanted, METRIC]),
  ]
}

/** Each query waits for records that are written, reads fields that are in them, and compares with values that occur. */
function problemsOfQueries(read: Read): string[] {
  const written = writtenBy(read)
  const known = new Set(lines.flatMap(([record, body]) => Object.keys(body).map((field) => `${record} ${field}`)))
  const queues = [config.CHECKS_QUEUE, config.REQUESTS_QUEUE, config.NEAR_EXPIRY_QUEUE]
  const own = ['name_taken', 'Success', 'Succeeded', '{{rotatorPrincipalId}}']
  const told = lines.flatMap(([, body]) => Object.values(body))
  const values = new Set(
    [...queues, ...roles.rotator.accounts, ...own, ...told].map((one) => String(one).toLowerCase()),
  )
  const all = [
    ...names.map((name) => [name, read(`infra/alerts/${name}.kql`)] as const),
    ...queriesIn(JSON.parse(read('infra/workbook.json'))),
  ]
  return all.flatMap(([name, query]) => {
    const relies = relianceOf(query)
    return [
      ...relies.loose.map((one) => `${name}: ${one} is of no known record`),
      ...relies.records.filter((one) => !written.includes(one)).map((one) => `${name}: nobody writes ${one}`),
      ...relies.fields.filter((one) => !known.has(one)).map((one) => `${name}: no line has ${one}`),
      ...relies.values.filter((one) => !values.has(one.toLowerCase())).map((one) => `${name}: no line says ${one}`),
    ]
  })
}

const problemsOf = (read: Read) => [...problemsOfRecords(read), ...problemsOfNames(read), ...problemsOfQueries(read)]

test('source, README, queries, rules and runbook speak of the same records and alerts', () => {
  expect(problemsOf(read)).toEqual([])
})

const RUN = 'src/functions/run-and-record.ts'
const TEMPLATE = 'infra/modules/alerts.bicep'

test.each([
  [
    'a record that is called otherwise',
    RUN,
    "'revoke.gone'",
    "'revoke.lost'",
    'revoke-gone: nobody writes revoke.gone',
  ],
  ['a record of another spelling', RUN, "'rotation.failed'", "'rotation.Failed'", 'nobody writes rotation.failed'],
  ['an event that is called otherwise', 'src/parts/vendor.ts', "'check.lost'", "'check.gone'", 'README.md: check.lost'],
  [
    'a record that the README does not have',
    'README.md',
    '| `revoke.gone`',
    '| `revoke.lost`',
    'README.md: revoke.gone is missing',
  ],
  [
    'a query for another record',
    'infra/alerts/revoke-gone.kql',
    'startswith "revoke.gone "',
    'startswith "revoke.left "',
    'revoke-gone: nobody writes revoke.left',
  ],
  [
    'a field that no line has',
    'infra/alerts/revoke-gone.kql',
    'Gone.attempt)',
    'Gone.attempts)',
    'revoke-gone: no line has revoke.gone attempts',
  ],
  [
    'a field of something that was not parsed',
    'infra/alerts/revoke-gone.kql',
    'Gone.reason',
    'Past.reason',
    'revoke-gone: Past is of no known record',
  ],
  [
    'a value that no line says',
    'infra/alerts/rotation-failed.kql',
    '"upstream_throttled"',
    '"upstream_throttle"',
    'rotation-failed: no line says upstream_throttle',
  ],
  [
    'a field that the workbook alone reads',
    'infra/workbook.json',
    'Request.caller)',
    'Request.callers)',
    'no line has request callers',
  ],
  [
    'a query under another name',
    TEMPLATE,
    "'revoke-gone': load",
    "'revoke-lost': load",
    'keys of alerts.bicep: revoke-gone',
  ],
  [
    'the query of another rule',
    TEMPLATE,
    '/revoke-gone.kql',
    '/revoke-overdue.kql',
    'files of alerts.bicep: revoke-gone',
  ],
  ['a rule without a query', 'infra/alerts/alerts.json', '"revoke-gone"', '"revoke-lost"', 'revoke-lost is missing'],
  [
    'a metric that is called otherwise',
    TEMPLATE,
    '-vault-refused',
    '-vault-denied',
    'metrics of alerts.bicep: vault-refused',
  ],
  [
    'a rule that the runbook leaves out',
    'docs/runbook.md',
    '### revoke-gone',
    '### revoke-lost',
    'docs/runbook.md: revoke-gone',
  ],
])('%s is refused', (_what, path, from, to, problem) => {
  expect(problemsOf(readBroken(path, from, to)).join('\n')).toContain(problem)
})
test.each([...names, METRIC])('the runbook says of %s what it means, what to look at and what to do', (name) => {
  const [, section = ''] = new RegExp(`### ${name}\n\n([\\s\\S]*?)\n(?:###? |$)`).exec(runbook) ?? []
  expect([...section.matchAll(/^- \*\*(\w+):\*\* \S/gm)].map(([, word]) => word)).toEqual(['Means', 'Look', 'Do'])
})

test('infra/README.md counts the log rules, and names those that look more often than every 15 minutes', () => {
  const [row = ''] = /^\| alerts \|.*$/m.exec(read('infra/README.md')) ?? []
  expect(row).toContain(`| ${alerts.length} log rules: \`revoke-overdue\` looks every 5 minutes`)
  expect(alerts.filter(({ every }) => minutes(every) < 15).map(({ name, every }) => [name, every])).toEqual([
    ['revoke-overdue', 'PT5M'],
  ])
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
