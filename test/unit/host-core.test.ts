// The module that the Functions library registers with: its refusals, its hooks, and the end of indexing.

import { createCore } from '../../local/host/core.ts'

const metadata = { name: 'one', bindings: { t: { type: 'timerTrigger', direction: 'in', name: 't' } } } as const
const callback = () => undefined

test('functions are kept in the order of registration', () => {
  const core = createCore(() => undefined)
  core.api.registerFunction({ ...metadata, name: 'b' }, callback)
  core.api.registerFunction({ ...metadata, name: 'a' }, callback)
  expect(core.functions().map((one) => one.metadata.name)).toEqual(['b', 'a'])
})

test.each(['one', 'ONE'])('a name is taken once: %s', (name) => {
  const core = createCore(() => undefined)
  core.api.registerFunction(metadata, callback)
  expect(() => core.api.registerFunction({ ...metadata, name }, callback)).toThrow(
    `A function with id "${name}" has already been registered.`,
  )
})

test('after indexing nothing is registered or taken back', () => {
  const core = createCore(() => undefined)
  const registered = core.api.registerFunction(metadata, callback)
  core.lock()
  expect(() => core.api.registerFunction({ ...metadata, name: 'two' }, callback)).toThrow(
    'A function can only be registered during app startup.',
  )
  expect(() => registered.dispose()).toThrow('A function can only be disposed during app startup.')
  expect(core.functions()).toHaveLength(1)
})

test('a registration can be taken back before', () => {
  const core = createCore(() => undefined)
  core.api.registerFunction(metadata, callback).dispose()
  expect(core.functions()).toEqual([])
})

test("an unknown hook is a RangeError with the runtime's mark", () => {
  const core = createCore(() => undefined)
  let thrown: unknown
  try {
    core.api.registerHook('beforeLunch', callback)
  } catch (err) {
    thrown = err
  }
  expect(thrown).toBeInstanceOf(RangeError)
  expect(thrown).toMatchObject({ message: 'Unrecognized hook "beforeLunch"', isAzureFunctionsSystemError: true })
})

test('hooks run in order, one at a time, until they are disposed', async () => {
  const core = createCore(() => undefined)
  const ran: string[] = []
  const first = core.api.registerHook('appStart', async () => {
    await Promise.resolve()
    ran.push('first')
  })
  core.api.registerHook('appStart', () => ran.push('second'))
  await core.runHooks('appStart', {})
  first.dispose()
  await core.runHooks('appStart', {})
  expect(ran).toEqual(['first', 'second', 'second'])
})

test('a log hook that logs does not call itself', () => {
  const core = createCore(() => undefined)
  let calls = 0
  core.api.registerHook('log', () => {
    calls += 1
    core.runLogHooks({})
  })
  core.runLogHooks({})
  expect(calls).toBe(1)
})
