// One form for what is counted, searched and alarmed on: a name, then its fields as JSON.

type Log = (text: string) => void

/** @param log a bound method of the invocation's context, such as `(text) => context.info(text)`. */
export const writeRecord = (log: Log, name: string, fields: object): void => log(`${name} ${JSON.stringify(fields)}`)
