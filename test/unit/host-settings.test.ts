// Settings of the embedded host: local.settings.json, %NAME%, host.json, and the log levels in it.

import { parseDuration, parseHostJson } from '../../local/host/host-json.ts'
import { createLogger, levelFor } from '../../local/host/log.ts'
import { applyValues, parseLocalSettings, readLocalSettings, resolvePercents } from '../../local/host/settings.ts'

describe('local.settings.json', () => {
  test('gives values, CORS origins and a port', () => {
    const text = JSON.stringify({
      IsEncrypted: false,
      Values: { NAME: 'x', COUNT: 3, ON: true },
      Host: { LocalHttpPort: 7072, CORS: 'http://a.example/, http://b.example', CORSCredentials: true },
      ConnectionStrings: {},
    })
    expect(parseLocalSettings(`\uFEFF${text}`)).toEqual({
      values: { NAME: 'x', COUNT: '3', ON: 'true' },
      port: 7072,
      corsOrigins: ['http://a.example', 'http://b.example'],
      corsCredentials: true,
    })
  })

  test('may be missing', () => {
    expect(readLocalSettings('/nowhere')).toEqual({
      values: {},
      port: undefined,
      corsOrigins: [],
      corsCredentials: false,
    })
  })

  test.each([
    { text: '{"Values":', says: 'local.settings.json is not JSON' },
    { text: '[]', says: 'local.settings.json does not fit: (root)' },
    { text: '{"Values":{"TOKEN":{"secret":"marked"}}}', says: 'local.settings.json does not fit: Values.TOKEN' },
    { text: '{"Host":{"LocalHttpPort":"marked"}}', says: 'local.settings.json does not fit: Host.LocalHttpPort' },
    { text: '{"IsEncrypted":true,"Values":{"A":"marked"}}', says: 'local.settings.json is encrypted' },
  ])('is refused with the field but never the value: $says', ({ text, says }) => {
    const refused = () => parseLocalSettings(text)
    expect(refused).toThrow(says)
    expect(refused).not.toThrow('marked')
  })

  test('values become variables, and the real environment wins, even when it is empty', () => {
    const env = { A: 'real', B: '' }
    expect(applyValues({ A: 'file', B: 'file', C: 'file' }, env)).toEqual(['A', 'B'])
    expect(env).toEqual({ A: 'real', B: '', C: 'file' })
  })
})

test('%NAME% is replaced by the setting of that name; a missing one is named', () => {
  expect(resolvePercents('%A%-%B%', { A: 'x', B: 'y' })).toBe('x-y')
  expect(resolvePercents('0 */5 * * * *', {})).toBe('0 */5 * * * *')
  expect(() => resolvePercents('%A%', {})).toThrow("'%A%' does not resolve to a value: set A")
})

describe('host.json', () => {
  test("has the real host's defaults", () => {
    expect(parseHostJson('{"version":"2.0"}')).toEqual({
      functionTimeoutMs: 1_800_000,
      routePrefix: 'api',
      logLevels: {},
      queues: {
        batchSize: 16,
        newBatchThreshold: 8,
        maxDequeueCount: 5,
        maxPollingIntervalMs: 60_000,
        visibilityTimeoutSeconds: 0,
        messageEncoding: 'base64',
      },
    })
  })

  test('is read with its unknown parts left alone', () => {
    const { functionTimeoutMs, routePrefix, queues } = parseHostJson(
      JSON.stringify({
        version: '2.0',
        functionTimeout: '-1',
        extensionBundle: { id: 'x' },
        extensions: {
          http: { routePrefix: '/' },
          queues: { batchSize: 1, visibilityTimeout: '00:00:10', messageEncoding: 'None' },
        },
      }),
    )
    expect({ functionTimeoutMs, routePrefix }).toEqual({ functionTimeoutMs: undefined, routePrefix: '' })
    expect(queues).toMatchObject({
      batchSize: 1,
      newBatchThreshold: 0,
      visibilityTimeoutSeconds: 10,
      messageEncoding: 'none',
    })
  })

  test.each([
    { json: {}, field: 'version' },
    { json: { version: '2.0', functionTimeout: '10 min' }, field: 'functionTimeout' },
    { json: { version: '2.0', extensions: { queues: { batchSize: 33 } } }, field: 'extensions.queues.batchSize' },
    {
      json: { version: '2.0', extensions: { queues: { messageEncoding: 'utf8' } } },
      field: 'extensions.queues.messageEncoding',
    },
    { json: { version: '2.0', logging: { logLevel: { default: 'Loud' } } }, field: 'logging.logLevel.default' },
  ])('that does not fit is refused by $field', ({ json, field }) => {
    expect(() => parseHostJson(JSON.stringify(json))).toThrow(`host.json does not fit: ${field} `)
  })
})

test.each([
  { text: '00:00:02', ms: 2_000 },
  { text: '01:00:00', ms: 3_600_000 },
  { text: '1.00:00:00', ms: 86_400_000 },
  { text: '00:00:00.3', ms: 300 },
  { text: '24:00:00', ms: undefined },
  { text: '00:60:00', ms: undefined },
  { text: '2', ms: undefined },
])('the duration $text is $ms ms', ({ text, ms }) => {
  expect(parseDuration(text)).toBe(ms)
})

describe('log levels', () => {
  const levels = { default: 'warning', Function: 'information', 'Function.a.User': 'debug' } as const

  test.each([
    { category: 'Host.Startup', level: 'warning' },
    { category: 'Function.b.User', level: 'information' },
    { category: 'Function.a', level: 'information' },
    { category: 'Function.a.User', level: 'debug' },
    { category: 'Functions', level: 'warning' },
  ])('$category is written from $level on', ({ category, level }) => {
    expect(levelFor(levels, category)).toBe(level)
  })

  test('a line below its level is not written; a message of several lines is one line', () => {
    const lines: string[] = []
    const logger = createLogger((line) => lines.push(line))
    logger.setLevels(levels)
    logger.log('information', 'host', 'Host.Startup', 'quiet')
    logger.log('error', 'a', 'Function.a', 'one\ntwo')
    expect(lines.map((line) => line.replace(/^\[[^\]]+\]/, '[time]'))).toEqual(['[time] error a one\\ntwo'])
  })
})
