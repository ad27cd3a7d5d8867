// Many small jobs, a few at a time: a large fleet must not become as many requests at once.

/** How many upstream calls one look over the fleet has under way. */
export const AT_ONCE = 16

/**
 * Does `work` for each item, at most `AT_ONCE` at a time, in order of their start.
 *
 * @throws what the first failing `work` throws; those under way go on, unheard.
 */
export async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async () => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
}
