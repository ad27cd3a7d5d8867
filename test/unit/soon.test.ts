import { andThen, lastly, orElse } from '../../src/common/soon.ts'

const boom = new Error('boom')

test('what is there is gone on with at once, and what is promised later', async () => {
  expect(andThen(1, (one) => one + 1)).toBe(2)
  await expect(andThen(Promise.resolve(1), (one) => one + 1)).resolves.toBe(2)
})

test('a rescue takes what is thrown and what is rejected, and nothing else', async () => {
  const rescue = (error: unknown) => (error === boom ? 'rescued' : 'something else')
  expect(orElse(() => 'fine', rescue)).toBe('fine')
  expect(
    orElse(() => {
      throw boom
    }, rescue),
  ).toBe('rescued')
  await expect(orElse(() => Promise.reject(boom), rescue)).resolves.toBe('rescued')
  await expect(orElse(async () => 'fine', rescue)).resolves.toBe('fine')
})

test('a rescue that throws is heard', async () => {
  const again = () => {
    throw boom
  }
  expect(() => orElse(again, again)).toThrow(boom)
  await expect(orElse(() => Promise.reject(boom), again)).rejects.toBe(boom)
})

test.each<[string, () => string | Promise<string>]>([
  ['is there at once', () => 'fine'],
  ['is promised', async () => 'fine'],
  [
    'throws',
    () => {
      throw boom
    },
  ],
  ['is rejected', () => Promise.reject(boom)],
])('the end comes once, after work that %s', async (_what, work) => {
  let ends = 0
  const outcome = await orElse<string>(
    () =>
      lastly(work, () => {
        ends += 1
      }),
    (error) => (error === boom ? 'boom' : 'something else'),
  )
  expect([outcome === 'fine' || outcome === 'boom', ends]).toEqual([true, 1])
})

test('the end of what is promised comes with it, not before', async () => {
  let ended = false
  const { promise, resolve } = Promise.withResolvers<void>()
  const work = lastly(
    () => promise,
    () => {
      ended = true
    },
  )
  await Promise.resolve()
  expect(ended).toBe(false)
  resolve()
  await work
  expect(ended).toBe(true)
})
