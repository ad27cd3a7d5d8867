// What is made when it is first asked for.

import type { Soon } from './soon.ts'

/** Answers at once from the second time on; while it is being made, with the same promise for everybody. */
export type Lazy<T> = () => Soon<T>

/** @param make is called by the first, and again by the next after one that failed. */
export function lazy<T>(make: () => Promise<T>): Lazy<T> {
  let made: { readonly value: T } | undefined
  let making: Promise<T> | undefined
  const begin = async (): Promise<T> => {
    const value = await make()
    made = { value }
    return value
  }
  return () => {
    if (made) return made.value
    making ??= begin().finally(() => {
      making = undefined
    })
    return making
  }
}
