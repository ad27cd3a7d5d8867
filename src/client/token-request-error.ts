// Why there is no token. Nothing in it is secret: neither the bearer that was shown nor any token.

export interface Refusal {
  readonly code: string
  readonly status?: number | undefined
  readonly title?: string | undefined
  readonly detail?: string | undefined
  readonly traceId?: string | undefined
  readonly retryAfterMs?: number | undefined
}

export class TokenRequestError extends Error {
  override readonly name = 'TokenRequestError'
  /** Of the answer; absent when there was none, or none that could be read. */
  declare readonly status: number | undefined
  /**
   * The vendor's, such as `not_granted`, or `http_502` where somebody else answered; without a good answer `network`,
   * `timeout`, `unexpected_answer`, and `no_bearer` when the credential gave none.
   */
  declare readonly code: string
  declare readonly title: string | undefined
  /** What can be done about it, in a sentence of the vendor. */
  declare readonly detail: string | undefined
  /** What the owners of the vendor search their log for. */
  declare readonly traceId: string | undefined
  /** How long the vendor asked to be left alone. */
  declare readonly retryAfterMs: number | undefined

  constructor(refusal: Refusal) {
    const { status, code, title, detail } = refusal
    super([[status, code].filter(Boolean).join(' '), detail ?? title].filter(Boolean).join(': '))
    Object.assign(this, refusal)
  }
}
