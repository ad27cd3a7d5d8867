// What a rotation or a revoke would do, as its answer says it.

import * as z from 'zod'

export const slot = z.enum(['key1', 'key2'])

export const skipReason = z.enum([
  'account-gone',
  'not-granted',
  'not-enrolled',
  'not-settled',
  'bad-secret-name',
  'secret_not_ours',
  'other_publisher',
  'bad-policy',
  'local-auth-disabled',
  'keyless',
  'held',
])

export const plan = z
  .discriminatedUnion('kind', [
    z
      .object({ kind: z.literal('skip'), reason: skipReason, detail: z.string().exactOptional() })
      .meta({ description: 'The account is left alone.' }),
    z.object({ kind: z.literal('keyless') }).meta({ description: 'A record without a key is published.' }),
    z.object({ kind: z.literal('done') }).meta({ description: 'There is nothing left to do.' }),
    z.object({ kind: z.literal('revoke'), slot, publish: z.boolean() }).meta({
      description: 'The key of `slot` is regenerated at once, and its successor published where callers need it.',
    }),
    z
      .object({
        kind: z.literal('publish-existing'),
        why: z.enum(['adopt', 'repair', 'refresh', 'tie']),
        slots: z.tuple([slot, slot]),
        notBefore: z.iso.datetime().exactOptional(),
      })
      .meta({ description: 'The first key of `slots` that works is published. Nothing is regenerated.' }),
    z
      .object({ kind: z.literal('wait'), why: z.enum(['not-due', 'grace']), until: z.iso.datetime() })
      .meta({ description: 'Nothing is done before `until`.' }),
    z
      .object({ kind: z.literal('publish'), slot, why: z.enum(['resume', 'revoke']) })
      .meta({ description: 'The key of `slot` is published as it is.' }),
    z
      .object({ kind: z.literal('rotate'), slot })
      .meta({ description: 'The key of `slot`, which callers are not using, is regenerated, proved and published.' }),
  ])
  .meta({ id: 'Plan' })

export const planAnswer = z.object({ plan }).meta({ id: 'PlanAnswer' })
