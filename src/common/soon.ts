// Values that are often there at once: whoever can go on without waiting does.

export type Soon<T> = T | Promise<T>

/** As `value.then(next)`. */
export const andThen = <T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> =>
  value instanceof Promise ? value.then(next) : next(value)

/** As `try { return await work() } catch (error) { return rescue(error) }`. */
export function orElse<T>(work: () => Soon<T>, rescue: (error: unknown) => T): Soon<T> {
  try {
    const value = work()
    return value instanceof Promise ? value.catch(rescue) : value
  } catch (error) {
    return rescue(error)
  }
}

/** As `try { return await work() } finally { end() }`. */
export function lastly<T>(work: () => Soon<T>, end: () => void): Soon<T> {
  let value: Soon<T>
  try {
    value = work()
  } catch (error) {
    end()
    throw error
  }
  if (value instanceof Promise) return value.finally(end)
  end()
  return value
}
