// The queue that Event Grid fills: a secret of our vault is near its expiry. Its account is then looked at, and never
// rotated on that word alone: the event comes from outside, and at once where a secret lives for less than 30 days.

import type { StorageQueueHandler } from '@azure/functions'
import * as z from 'zod/mini'
import { parseAccountName } from '../common/account.ts'
import type { Outbox } from '../rotation/ports.ts'
import { writeRecord } from './log.ts'
import { decodeEntry } from './messages.ts'

const TYPE = 'Microsoft.KeyVault.SecretNearExpiry'

/** Event Grid's own schema, and CloudEvents 1.0. In both, the subject is the name of the secret. */
const event = z.union([
  z.object({ eventType: z.string(), topic: z.string(), subject: z.string() }),
  z.pipe(
    z.object({ specversion: z.string(), type: z.string(), source: z.string(), subject: z.string() }),
    z.transform(({ type, source, subject }) => ({ eventType: type, topic: source, subject })),
  ),
])

/** Why an event means nothing to us. */
type Ignored = 'unreadable' | 'other-event' | 'other-vault' | 'no-secret'

export interface NearExpiryHandlerDeps {
  readonly checks: Outbox<{ readonly secret: string }>
  /** `https://{vault}…`: events of any other vault are ignored. */
  readonly vaultUrl: string
}

/**
 * Asks for one check per event, by the name of the secret, as a vendor does. What cannot be used leaves one record and
 * is done with: it would be no better the next time.
 *
 * @throws AppError when the check could not be asked for, so that the host delivers the event again.
 */
export const nearExpiryHandler =
  ({ checks, vaultUrl }: NearExpiryHandlerDeps): StorageQueueHandler =>
  async (entry, context) => {
    const [vault = ''] = new URL(vaultUrl).hostname.split('.')
    // A message holds one event. The schema of Event Grid has lists, too.
    for (const each of [decodeEntry(entry)].flat()) {
      const read = readEvent(each, vault)
      if ('reason' in read) {
        writeRecord((text) => context.warn(text), 'event.ignored', read)
        continue
      }
      await checks.send(read)
      writeRecord((text) => context.warn(text), 'event.nearExpiry', read)
    }
  }

function readEvent(entry: unknown, vault: string): { readonly secret: string } | { readonly reason: Ignored } {
  const { data } = event.safeParse(entry)
  if (data === undefined) return { reason: 'unreadable' }
  if (data.eventType !== TYPE) return { reason: 'other-event' }
  if (!data.topic.toLowerCase().endsWith(`/providers/microsoft.keyvault/vaults/${vault}`)) {
    return { reason: 'other-vault' }
  }
  const secret = parseAccountName(data.subject.trim())
  return secret === undefined ? { reason: 'no-secret' } : { secret }
}
