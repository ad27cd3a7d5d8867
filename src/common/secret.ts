// A key or token as a type of its own, so that it cannot end up in a log, an error or an answer by accident.

import { hash } from 'node:crypto'
import { inspect } from 'node:util'

const MASK = '[secret]'

/** Text that must not be seen. Every way of turning it into text by accident gives `[secret]`. */
export class Secret {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  /** @throws TypeError when the text is empty: an empty key is a mistake somewhere else. */
  static of(text: string): Secret {
    if (text === '') throw new TypeError('a Secret must not be empty')
    return new Secret(text)
  }

  /** The only way out. Call it inside the request that needs it, never earlier. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [inspect.custom](): string {
    return MASK
  }
}

/**
 * Lower-case hex SHA-256 of a secret. Keys and tokens are random (at least 128 bits), so the digest may be logged
 * and stored: it names the secret and gives nothing away.
 */
export const fingerprintOf = (secret: Secret): string => hash('sha256', secret.reveal(), 'hex')
