// Prints what was found, so that the numbers of a proof are seen and not only checked.

/** Writes rows under a title, in columns. */
export function printTable(title: string, rows: readonly (readonly (string | number)[])[]): void {
  const columns = rows[0]?.map((_, at) => Math.max(...rows.map((row) => `${row[at]}`.length))) ?? []
  const lines = rows.map((row) =>
    row
      .map((cell, at) => `${cell}`.padEnd(columns[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  process.stdout.write(`\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`)
}
