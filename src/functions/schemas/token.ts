// What a vend answers.

import * as z from 'zod'

export const tokenAnswer = z
  .object({
    access_token: z.string().min(1).meta({ description: 'For the service, in `Authorization: Bearer`.' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().min(0).max(600).meta({ description: 'Seconds that the token has left.' }),
    expires_at: z.iso.datetime(),
    refresh_after: z.iso.datetime().meta({ description: 'When to ask for the next one; until then, keep this one.' }),
    account: z.string().meta({ description: 'The name under which the account was asked for, in lower case.' }),
    region: z.string().meta({ description: 'What Translator wants in `Ocp-Apim-Subscription-Region`.' }),
    endpoint: z
      .url({ protocol: /^https$/ })
      .meta({ description: 'Base address of the service, with a slash at its end.' }),
  })
  .meta({ id: 'Token' })
