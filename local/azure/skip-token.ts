// The token in a next link: behind what the next page begins, and whether the page before it was an empty one.

export interface SkipToken {
  readonly mark: 'empty' | 'full'
  /** The key of the last entry that was shown; empty when none was. */
  readonly after: string
}

const marks = { e: 'empty', f: 'full' } as const

export const writeSkipToken = ({ mark, after }: SkipToken): string =>
  Buffer.from(`${mark.slice(0, 1)}${after}`).toString('base64url')

/** @returns `undefined` for a text that was not written here. */
export function readSkipToken(token: string): SkipToken | undefined {
  const [, mark, after = ''] = /^([ef])(.*)$/s.exec(Buffer.from(token, 'base64url').toString()) ?? []
  return mark === 'e' || mark === 'f' ? { mark: marks[mark], after } : undefined
}
