// Jest does not see into a Secret: without this, any two of them are equal.

import { Secret } from '../../src/common/secret.ts'

interface EqualityTesters {
  addEqualityTesters(testers: readonly ((a: unknown, b: unknown) => boolean | undefined)[]): void
}

// The published types of the global do not have it yet.
const { addEqualityTesters } = expect as unknown as EqualityTesters
addEqualityTesters([
  (a, b) => {
    if (!(a instanceof Secret) && !(b instanceof Secret)) return undefined
    return a instanceof Secret && b instanceof Secret && a.reveal() === b.reveal()
  },
])
