// How the embedded host starts an app, calls it by the clock, limits its calls, and ends.

import { buildSync } from 'esbuild'
import { cleanUpHosts, eventually, type RunningApp, runApp, spawnHost, stopApp, writeApp } from '../support/host.ts'

afterAll(cleanUpHosts)

const TIMER = `
  const { app } = require('@azure/functions')
  const runs = []
  app.http('runs', { handler: async () => ({ jsonBody: runs }) })
  app.timer('often', { schedule: '* * * * * *', handler: async (timer) => {
    const run = { began: Date.now(), status: timer.scheduleStatus }
    runs.push(run)
    // The second run lasts past two of its turns.
    await new Promise((done) => setTimeout(done, runs.length === 2 ? 2500 : 10))
    run.ended = Date.now()
  } })`

/** Runs while the other tests do: its test, the last, needs some five seconds of it. */
let timerApp: Promise<RunningApp>
beforeAll(() => {
  timerApp = runApp(writeApp({ app: TIMER }))
})

describe('the end', () => {
  const SLOW = `
    const { app } = require('@azure/functions')
    app.http('slow', { handler: async (request, context) => {
      context.log('slow began')
      await new Promise((done) => setTimeout(done, 1000))
      return { body: 'finished' }
    } })
    app.hook.appStart(() => console.log('app started'))
    app.hook.appTerminate(() => console.log('app terminated'))`

  test('SIGTERM lets the running call finish, then runs the hooks, and exits 0', async () => {
    const app = await runApp(writeApp({ app: SLOW }))
    const answer = fetch(`${app.url}/api/slow`).then((got) => got.text())
    await app.line(/slow began/)
    const ended = stopApp(app)
    expect(await answer).toBe('finished')
    expect(await ended).toBe(0)
    const told = app.lines.filter((line) => /app (started|terminated)|Succeeded|Host stopped/.test(line))
    expect(told.map((line) => /app \w+|Succeeded|Host stopped/.exec(line)?.[0])).toEqual([
      'app started',
      'Succeeded',
      'app terminated',
      'Host stopped',
    ])
  })

  test('SIGTERM lets a running timer call finish, too', async () => {
    const app = await runApp(
      writeApp({
        app: `require('@azure/functions').app.timer('tick', {
          schedule: '0 0 0 1 1 *', runOnStartup: true, handler: async (timer, context) => {
            context.log('tick began')
            await new Promise((done) => setTimeout(done, 1000))
            context.log('tick ended')
          } })`,
      }),
    )
    await app.line(/tick began/)
    expect(await stopApp(app)).toBe(0)
    const text = app.lines.join('\n')
    expect(text).toMatch(/tick ended.*Executed 'Functions\.tick' \(Succeeded.*Host stopped/s)
  })

  test('a second signal ends it at once, with 1', async () => {
    const app = await runApp(writeApp({ app: SLOW.replace('1000', '9000') }))
    fetch(`${app.url}/api/slow`).catch(() => undefined)
    await app.line(/slow began/)
    const asked = Date.now()
    app.child.kill('SIGINT')
    await new Promise((done) => setTimeout(done, 700))
    expect(await stopApp(app, 'SIGTERM')).toBe(1)
    expect(Date.now() - asked).toBeLessThan(3_000)
  })

  test('the Ctrl-C that npm passes on after the terminal is the same one', async () => {
    const app = await runApp(writeApp({ app: SLOW }))
    const answer = fetch(`${app.url}/api/slow`).then((got) => got.text())
    await app.line(/slow began/)
    app.child.kill('SIGINT')
    await new Promise((done) => setTimeout(done, 100))
    expect(await stopApp(app, 'SIGINT')).toBe(0)
    expect(await answer).toBe('finished')
  })
})

test('a call beyond functionTimeout fails', async () => {
  const app = `
    const { app } = require('@azure/functions')
    app.http('long', { handler: () => new Promise((done) => setTimeout(done, 60_000)) })`
  const limited = await runApp(writeApp({ app, hostJson: { functionTimeout: '00:00:01' } }))
  expect((await fetch(`${limited.url}/api/long`)).status).toBe(500)
  expect(await limited.line(/Timeout value of 00:00:01 exceeded by function 'Functions\.long'/)).toBeDefined()
  await stopApp(limited)
})

test('a timer call beyond functionTimeout fails, and no other begins before its code has ended', async () => {
  const app = `
    const { app } = require('@azure/functions')
    const runs = []
    app.http('runs', { handler: async () => ({ jsonBody: runs }) })
    app.timer('long', { schedule: '* * * * * *', handler: async () => {
      const run = { began: Date.now() }
      runs.push(run)
      await new Promise((done) => setTimeout(done, 2500))
      run.ended = Date.now()
    } })`
  const limited = await runApp(writeApp({ app, hostJson: { functionTimeout: '00:00:01' } }))
  await limited.line(/Timeout value of 00:00:01 exceeded by function 'Functions\.long'/)
  const [first, second] = await eventually(async () => {
    const runs = (await (await fetch(`${limited.url}/api/runs`)).json()) as { began: number; ended?: number }[]
    expect(runs.length).toBeGreaterThanOrEqual(2)
    return runs
  })
  expect(second?.began).toBeGreaterThanOrEqual(first?.ended ?? Number.NaN)
  // The end waits for code that is past its limit, too.
  expect(await stopApp(limited)).toBe(0)
  expect(limited.lines.join('\n')).not.toContain('still running')
})

test('a function that a setting disables is neither served nor run', async () => {
  const app = `
    const { app } = require('@azure/functions')
    for (const name of ['on', 'off']) app.http(name, { handler: async () => ({ body: name }) })
    for (const name of ['onTick', 'offTick']) {
      app.timer(name, { schedule: '0 0 0 1 1 *', runOnStartup: true, handler: (timer, context) => context.log(name) })
    }`
  const settings = { 'AzureWebJobs.off.Disabled': 'true', AzureWebJobs__offTick__Disabled: '1' }
  const half = await runApp(writeApp({ app }), settings)
  expect((await fetch(`${half.url}/api/on`)).status).toBe(200)
  expect((await fetch(`${half.url}/api/off`)).status).toBe(404)
  await half.line(/Executed 'Functions\.onTick' \(Succeeded/)
  const text = half.lines.join('\n')
  expect(text).toMatch(/Function off: disabled/)
  expect(text).not.toMatch(/Executing 'Functions\.off/)
  await stopApp(half)
})

describe('the start', () => {
  const ONE = `require('@azure/functions').app.http('one', { handler: async () => ({ body: process.env.NAME }) })`
  const start = async (files: Parameters<typeof writeApp>[0], args: string[] = ['--port', '0']) => {
    const started = spawnHost(['--root', writeApp(files), ...args])
    return { code: await started.ended, text: started.lines.join('\n') }
  }

  test('on a port in use fails with one line that says so', async () => {
    const first = await runApp(writeApp({ app: ONE }))
    const { code, text } = await start({ app: ONE }, ['--port', String(first.port)])
    expect({ code, text }).toEqual({
      code: 1,
      text: `port ${first.port} is in use: stop what holds it, or choose another`,
    })
    await stopApp(first)
  })

  test.concurrent.each([
    { args: ['--port', '70000'], says: "--port must be a number from 0 to 65535 (0: any free one), not '70000'" },
    {
      args: ['--cors', 'shop.example'],
      says: "--cors takes origins such as http://localhost:3000, or *, not 'shop.example'",
    },
    { args: ['--verbose'], says: "Unknown option '--verbose'" },
  ])('with $args exits 2 and says what is wrong', async ({ args, says }) => {
    const { code, text } = await start({ app: ONE }, args)
    expect(code).toBe(2)
    expect(text).toContain(says)
    expect(text).toContain('usage: ')
  })

  test.concurrent.each([
    {
      app: 'an entry point that throws before it registers',
      files: { app: `throw new Error('no such setting')` },
      says: [
        /error host Worker was unable to load entry point "app\.js": Error: no such setting/,
        /^No job functions found/m,
      ],
    },
    { app: 'an app that registers nothing', files: { app: '' }, says: [/^No job functions found/m] },
    { app: 'a main that matches nothing', files: {}, says: [/Found zero files matching the supplied pattern/] },
    { app: 'no main', files: { packageJson: { main: undefined } }, says: [/has no "main"/] },
    { app: 'a host.json that is none', files: { files: { 'host.json': '{' } }, says: [/^host\.json is not JSON$/m] },
    {
      app: 'encrypted settings',
      files: { app: ONE, files: { 'local.settings.json': '{"IsEncrypted":true,"Values":{}}' } },
      says: [/^local\.settings\.json is encrypted; decrypt it first with: func settings decrypt$/m],
    },
    {
      app: 'HTTP streams',
      files: { app: `${ONE}; require('@azure/functions').app.setup({ enableHttpStream: true })` },
      says: [/^enableHttpStream is not supported by this host$/m],
    },
    {
      app: 'an unknown route constraint',
      files: { app: `require('@azure/functions').app.http('one', { route: 'a/{b:odd}', handler: async () => ({}) })` },
      says: [/^route api\/a\/\{b:odd\}: unknown constraint odd$/m],
    },
  ])('of $app exits 1 and says why', async ({ files, says }) => {
    const { code, text } = await start(files)
    expect(code).toBe(1)
    for (const pattern of says) expect(text).toMatch(pattern)
  })

  test('refuses a name that is taken, and runs what was registered before', async () => {
    const app = await runApp(writeApp({ app: `${ONE}\n${ONE}` }))
    expect(app.lines.join('\n')).toMatch(/error .*A function with id "one" has already been registered\./)
    expect((await fetch(`${app.url}/api/one`)).status).toBe(200)
    await stopApp(app)
  })

  test('locks registration afterwards', async () => {
    const late = `${ONE}
      const { app } = require('@azure/functions')
      app.http('late', { handler: async () => { app.http('more', { handler: async () => ({}) }) } })`
    const app = await runApp(writeApp({ app: late }))
    expect((await fetch(`${app.url}/api/late`)).status).toBe(500)
    expect(await app.line(/A function can only be registered during app startup\./)).toBeDefined()
    await stopApp(app)
  })

  test('takes values from local.settings.json, but the real environment wins', async () => {
    const files = { 'local.settings.json': JSON.stringify({ Values: { NAME: 'from the file' } }) }
    const folder = writeApp({ app: ONE, files })
    const [fromFile, fromEnvironment] = await Promise.all([runApp(folder), runApp(folder, { NAME: 'from outside' })])
    expect(await (await fetch(`${fromFile.url}/api/one`)).text()).toBe('from the file')
    expect(await (await fetch(`${fromEnvironment.url}/api/one`)).text()).toBe('from outside')
    await Promise.all([stopApp(fromFile), stopApp(fromEnvironment)])
  })

  test('loads ES modules, every match of a glob, and a bundle with the library inside', async () => {
    const route = (name: string) => `app.http('${name}', { handler: async () => ({ body: '${name}' }) })`
    const modules = writeApp({
      packageJson: { main: 'dist/*.js', type: 'module' },
      files: {
        'dist/a.js': `import { app } from '@azure/functions'; ${route('a')}`,
        'dist/b.js': `import { app } from '@azure/functions'; ${route('b')}`,
      },
    })
    const bundled = writeApp({
      app: `const { app } = require('@azure/functions'); ${route('bundled')}`,
      packageJson: { main: 'out.js' },
    })
    const built = buildSync({
      entryPoints: [`${bundled}/app.js`],
      outfile: `${bundled}/out.js`,
      bundle: true,
      platform: 'node',
      external: ['@azure/functions-core'],
    })
    expect(built.errors).toEqual([])
    const [first, second] = await Promise.all([runApp(modules), runApp(bundled)])
    for (const [app, name] of [
      [first, 'a'],
      [first, 'b'],
      [second, 'bundled'],
    ] as const) {
      expect(await (await fetch(`${app.url}/api/${name}`)).text()).toBe(name)
    }
    await Promise.all([stopApp(first), stopApp(second)])
  })
})

describe('timers', () => {
  test('runs never overlap, and a late one is followed at once by exactly one more', async () => {
    const slow = await timerApp
    const runs = await eventually(async () => {
      const all = (await (await fetch(`${slow.url}/api/runs`)).json()) as {
        began: number
        ended?: number
        status: unknown
      }[]
      expect(all.filter((run) => run.ended !== undefined).length).toBeGreaterThanOrEqual(4)
      return all
    })
    const gaps = runs.slice(1).map((run, at) => run.began - (runs[at]?.ended ?? Number.NaN))
    expect(gaps.every((gap) => gap >= 0)).toBe(true)
    expect(gaps[1]).toBeLessThan(300)
    // The one more belongs to a turn that is over; the next waits for its own, on a whole second.
    expect((runs[3]?.began ?? 0) % 1000).toBeLessThan(500)
    // Under a minute the real host keeps no status.
    expect(runs.map((run) => run.status ?? null)).toEqual(runs.map(() => null))
    await stopApp(slow)
  })
})
