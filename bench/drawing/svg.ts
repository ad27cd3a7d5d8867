// SVG as text: no script, no font of its own, and the same bytes for the same drawing.

export const WIDTH = 800
export const MARGIN = 24
/** Between what stands side by side. */
const GAP = 32
export const COLUMN = (WIDTH - 2 * MARGIN - GAP) / 2
export const SECOND_COLUMN = MARGIN + COLUMN + GAP

/** Drawn from its own upper left corner. */
export interface Figure {
  readonly height: number
  readonly parts: readonly string[]
}

const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** Most control characters cannot be in XML at all. */
export const escapeXml = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, ' ').replaceAll(/[&<>"']/g, (char) => NAMED[char] ?? char)

/** @param children markup: text is escaped by whoever puts it there. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly string[]
): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${written(value)}"`)
  const open = `<${name}${given.join('')}`
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('\n')}</${name}>`
}

/** A tenth of a pixel is enough. */
const written = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 10) / 10) : escapeXml(value)

export const text = (x: number, y: number, said: string, look: 'title' | 'head' | 'ink' | 'soft', anchor = 'start') =>
  element('text', { x, y, class: look, 'text-anchor': anchor }, escapeXml(said))

export const line = (x1: number, y1: number, x2: number, y2: number, look: 'axis' | 'range' | 'target' | 'curve') =>
  element('line', { x1, y1, x2, y2, class: look })

export const moved = (x: number, y: number, { parts }: Figure): string =>
  element('g', { transform: `translate(${written(x)} ${written(y)})` }, ...parts)

/** As people read it: three digits that say something. */
export function shown(value: number): string {
  if (Math.abs(value) < 100) return value.toPrecision(3)
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}
