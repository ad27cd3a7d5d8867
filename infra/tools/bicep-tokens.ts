// Text of a Bicep file to tokens. A newline is a token: it ends a declaration, a property or an item.

export type Token =
  | { readonly kind: 'name' | 'number' | 'sign'; readonly text: string; readonly line: number }
  | { readonly kind: 'newline' | 'end'; readonly text: ''; readonly line: number }
  /** `parts` are the texts between interpolations, `holes` the tokens of each interpolation. */
  | {
      readonly kind: 'string'
      readonly text: string
      readonly line: number
      readonly parts: string[]
      readonly holes: Token[][]
    }

export class BicepError extends Error {
  constructor(file: string, line: number, problem: string) {
    super(`${file}:${line}: ${problem}`)
    this.name = 'BicepError'
  }
}

const SIGNS = ['=>', '==', '!=', '=~', '!~', '<=', '>=', '&&', '||', '??', '::', '.?', '...']
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", $: '$' }

/** @throws BicepError for what no token begins with, and for a string that does not end. */
export function tokenize(file: string, source: string): Token[] {
  let at = 0
  let line = 1
  const wrong = (problem: string) => new BicepError(file, line, problem)

  function quoted(): Token {
    const start = line
    const parts = ['']
    const holes: Token[][] = []
    at += 1
    for (;;) {
      const char = source[at]
      if (char === undefined || char === '\n') throw wrong('a string does not end')
      if (char === "'") break
      if (char === '\\') {
        const escaped = ESCAPES[source[at + 1] ?? '']
        if (escaped === undefined) throw wrong('an unknown escape')
        parts[parts.length - 1] += escaped
        at += 2
      } else if (char === '$' && source[at + 1] === '{') {
        at += 2
        holes.push(run('}'))
        parts.push('')
      } else {
        parts[parts.length - 1] += char
        at += 1
      }
    }
    at += 1
    return { kind: 'string', text: parts.join('…'), line: start, parts, holes }
  }

  function verbatim(): Token {
    const start = line
    const end = source.indexOf("'''", at + 3)
    if (end < 0) throw wrong('a string of many lines does not end')
    const text = source.slice(at + 3, end).replace(/^\r?\n/, '')
    line += source.slice(at, end).split('\n').length - 1
    at = end + 3
    return { kind: 'string', text, line: start, parts: [text], holes: [] }
  }

  /** Tokens up to the closing brace of an interpolation, or to the end of the file. */
  function run(until: '}' | undefined): Token[] {
    const tokens: Token[] = []
    let depth = 0
    while (at < source.length) {
      const char = source[at] ?? ''
      const rest = source.slice(at, at + 3)
      if (until && char === until && depth === 0) {
        at += 1
        return [...tokens, { kind: 'end', text: '', line }]
      }
      if (char === '\n') {
        tokens.push({ kind: 'newline', text: '', line })
        line += 1
        at += 1
      } else if (/\s/.test(char)) at += 1
      else if (rest.startsWith('//') || char === '#') {
        while (at < source.length && source[at] !== '\n') at += 1
      } else if (rest.startsWith('/*')) {
        const end = source.indexOf('*/', at)
        if (end < 0) throw wrong('a comment does not end')
        line += source.slice(at, end).split('\n').length - 1
        at = end + 2
      } else if (rest === "'''") tokens.push(verbatim())
      else if (char === "'") tokens.push(quoted())
      else {
        const word = /^(?:[A-Za-z_]\w*|\d+)/.exec(source.slice(at, at + 200))?.[0]
        const sign = SIGNS.find((one) => rest.startsWith(one)) ?? char
        if (!word && sign.length === 1 && !/^[-+*/%<>=!?:.,|@(){}[\]]/.test(sign))
          throw wrong(`unexpected ${JSON.stringify(char)}`)
        if (char === '{') depth += 1
        if (char === '}') depth -= 1
        if (word) tokens.push({ kind: /^\d/.test(word) ? 'number' : 'name', text: word, line })
        else tokens.push({ kind: 'sign', text: sign, line })
        at += (word ?? sign).length
      }
    }
    if (until) throw wrong('an interpolation does not end')
    return [...tokens, { kind: 'newline', text: '', line }, { kind: 'end', text: '', line }]
  }

  return run(undefined)
}
