// The bodies that our routes take. An empty body is `undefined`.

import * as z from 'zod/mini'

/** Nothing to say: whoever sends something means something that we do not do. */
export const noBody = z.optional(z.strictObject({}))

/** `live`: the key that callers use now; `idle`: the other one. */
export const revokeBody = z.strictObject({ slots: z.enum(['live', 'idle', 'both']) })
