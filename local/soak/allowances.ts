// When an account may refuse a vend, and with which word: only what the soak broke itself, and no longer than it takes.

export interface Allowances {
  /** From now on, until {@link end}, this account may be refused with this code. */
  begin(account: string, code: string): void
  /** The cause is gone; what a vendor remembers of it may go on for `afterMs`. */
  end(account: string, code: string, afterMs: number): void
  /** Whether a refusal of this code is to be expected between these two moments. Epoch milliseconds. */
  covers(account: string, code: string, from: number, to: number): boolean
  /** When a caller was last refused as expected, in epoch milliseconds; 0 for never. */
  metAt(account: string): number
  /** Whether any refusal of this account is to be expected now. */
  isOpen(account: string): boolean
}

interface Window {
  readonly account: string
  readonly code: string
  readonly from: number
  until: number
}

export function allowances(now: () => number = Date.now): Allowances {
  const windows: Window[] = []
  const met = new Map<string, number>()
  return {
    begin: (account, code) => void windows.push({ account, code, from: now(), until: Number.POSITIVE_INFINITY }),
    end(account, code, afterMs) {
      for (const window of windows)
        if (window.account === account && window.code === code) window.until = Math.min(window.until, now() + afterMs)
    },
    covers(account, code, from, to) {
      const expected = windows.some(
        (each) => each.account === account && each.code === code && each.from <= to && from <= each.until,
      )
      if (expected) met.set(account, now())
      return expected
    },
    metAt: (account) => met.get(account) ?? 0,
    isOpen: (account) => windows.some((each) => each.account === account && now() <= each.until),
  }
}
