// How a poll loop rests: how long, and that a rest leaves nothing behind.

import { getEventListeners } from 'node:events'
import { createBackoff, rest } from '../../local/host/backoff.ts'

test('it rests longer and longer up to the limit, and not at all after work', () => {
  const backoff = createBackoff(500)
  expect([false, false, false, false, true, false].map((found) => backoff.next(found))).toEqual([
    100, 200, 400, 500, 0, 100,
  ])
})

test('a rest ends with its signal, and then or in time leaves no listener', async () => {
  const stop = new AbortController()
  for (let turn = 0; turn < 3; turn += 1) await rest(1, stop.signal)
  await rest(0, stop.signal)
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
  const resting = rest(60_000, stop.signal)
  stop.abort()
  await resting
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
  await rest(60_000, stop.signal)
})
