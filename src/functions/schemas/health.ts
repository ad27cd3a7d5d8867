// What the routes answer that need no caller.

import * as z from 'zod'

export const healthAnswer = z.object({ status: z.enum(['ok', 'misconfigured']) }).meta({ id: 'Health' })

export const documentAnswer = z.looseObject({ openapi: z.literal('3.1.1') }).meta({ id: 'OpenApiDocument' })
