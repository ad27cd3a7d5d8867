// Time as an argument: whoever needs it is given it.

export interface Clock {
  now(): Date
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  elapsed(): number
  /** Never rejects. @param signal ends it early. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}
