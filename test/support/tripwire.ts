// Looks for secrets in texts, in every form in which one gets there by accident.

/** What must not be seen, and what to call it when it is. */
export interface Marked {
  readonly name: string
  readonly secret: string
}

/** A text that anybody may read, and where it stands. */
export interface Seen {
  readonly where: string
  readonly text: string
}

/** @returns `{where}: {name} as {form}` for each secret that is in a text. */
export function leaksIn(seen: readonly Seen[], marked: readonly Marked[]): string[] {
  const forms = marked.flatMap(({ name, secret }) =>
    formsOf(secret).map(([form, written]) => ({ told: `${name} as ${form}`, written })),
  )
  return seen.flatMap(({ where, text }) =>
    forms.filter(({ written }) => text.includes(written)).map(({ told }) => `${where}: ${told}`),
  )
}

/** Raw, base64 wherever in a longer text it begins, base64url, hex, URL-encoded; each form that differs once. */
export function formsOf(secret: string): [form: string, written: string][] {
  const hex = Buffer.from(secret).toString('hex')
  const all: [string, string][] = [
    ['text', secret],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ['a URL', encodeURIComponent(secret)],
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    ...[0, 1, 2].flatMap((offset): [string, string][] => {
      const written = base64At(secret, offset)
      return [
        ['base64', written],
        ['base64url', written.replaceAll('+', '-').replaceAll('/', '_')],
      ]
    }),
  ]
  return [...new Map(all.toReversed().map(([form, written]) => [written, form]))].map(([written, form]) => [
    form,
    written,
  ])
}

/** As it stands in the base64 of a text in which so many bytes, of each three, come before it. */
function base64At(secret: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)])
  const whole = bytes.toString('base64').replace(/=+$/, '')
  // What shares its bits with a neighbour is left out.
  return whole.slice(offset === 0 ? 0 : offset + 1, bytes.length % 3 === 0 ? undefined : -1)
}

/** Any JWT with a payload: whoever's it is, it is a token. */
export const JWT = /eyJ[\w-]+\.eyJ[\w-]+/

/** A text that holds a token which nobody here knows, such as one of an app's own identity. */
export const tokensIn = (seen: readonly Seen[]): string[] =>
  seen.filter(({ text }) => JWT.test(text)).map(({ where }) => `${where}: a token`)
