// Bodies that others send, read only as far as they may be long.

/**
 * @param body chunks of UTF-8, or `null` where there is none.
 * @param maxBytes what is longer is not read to its end.
 * @returns `undefined` for what is too long; nothing, as text, for no body.
 */
export async function shortText(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
