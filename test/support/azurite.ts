// One Azurite in memory for a test file: begun before its tests, gone after them.

import { type Azurite, startAzurite } from '../../local/azurite.ts'

/** Call it in a describe block or at the top of a file. @returns A function that gives the running Azurite. */
export function useAzurite(): () => Azurite {
  let azurite: Azurite | undefined
  beforeAll(async () => {
    azurite = await startAzurite()
  })
  afterAll(() => azurite?.close())
  return () => {
    if (!azurite) throw new Error('Azurite is not running yet: ask for it inside a test')
    return azurite
  }
}
