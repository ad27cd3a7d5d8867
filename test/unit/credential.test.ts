// Our own identity, where its endpoint does not answer.

import { boundedCredential } from '../../src/azure/credential.ts'

const token = { token: 'our own', expiresOnTimestamp: 0 }

test('an answer that is lost ends in an error, and the next call asks anew', async () => {
  let asked = 0
  const credential = boundedCredential(
    {
      getToken: () => {
        asked += 1
        return asked === 1 ? new Promise(() => {}) : Promise.resolve(token)
      },
    },
    20,
  )
  await expect(credential.getToken('scope')).rejects.toMatchObject({
    code: 'upstream_unreachable',
    message: 'ask for a token of our own identity: no answer (timeout)',
  })
  expect(await credential.getToken('scope')).toEqual(token)
})

test('what is asked for and what goes wrong is passed on as it is', async () => {
  const asked: unknown[] = []
  const failure = new Error('no identity here')
  const credential = boundedCredential({
    getToken: (...args) => {
      asked.push(args)
      return Promise.reject(failure)
    },
  })
  await expect(credential.getToken(['a', 'b'], { tenantId: 't' })).rejects.toBe(failure)
  expect(asked).toEqual([[['a', 'b'], { tenantId: 't' }]])
})
