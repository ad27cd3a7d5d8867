import { lazy } from '../../src/common/lazy.ts'

test('it is made once, for all who ask while it is being made, and is there at once for whoever comes later', async () => {
  let made = 0
  const get = lazy(async () => ++made)
  expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1])
  expect(get()).toBe(1)
  expect(made).toBe(1)
})

test('it is not made before anybody asks', () => {
  let made = false
  lazy(async () => {
    made = true
  })
  expect(made).toBe(false)
})

test('what fails fails for all who wait, and is made anew by the next who asks', async () => {
  let tries = 0
  const get = lazy(async () => {
    tries += 1
    if (tries === 1) throw new Error('not now')
    return tries
  })
  const both = await Promise.allSettled([get(), get()])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await get()).toBe(2)
  expect(get()).toBe(2)
})

test('so does what throws at once', async () => {
  let tries = 0
  const get = lazy(() => {
    tries += 1
    if (tries === 1) throw new Error('not now')
    return Promise.resolve(tries)
  })
  await expect(get()).rejects.toThrow('not now')
  expect(await get()).toBe(2)
})

test('undefined is a value like any other', async () => {
  let made = 0
  const get = lazy(async () => {
    made += 1
  })
  await get()
  expect(get()).toBeUndefined()
  expect(made).toBe(1)
})
