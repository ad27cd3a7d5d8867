// A refusal, as one schema for each code: what is constant in it, and the facts that only this code has.

import * as z from 'zod'
import { type ProblemCode, problems, problemType } from '../problem.ts'
import { skipReason } from './plan.ts'

/** Members that a code has beside those which every problem has. */
const facts = {
  in_grace: { until: z.iso.datetime().meta({ description: 'When the key that would be replaced is out of grace.' }) },
  not_possible: { reason: z.enum([...skipReason.options, 'not-published']) },
} as const satisfies Partial<Record<ProblemCode, z.core.$ZodShape>>

const factsOf = (code: ProblemCode): z.core.$ZodShape => (code in facts ? facts[code as keyof typeof facts] : {})

/** The reasons of `not_possible`. */
export const notPossibleReason = facts.not_possible.reason

const problemSchema = (code: ProblemCode) =>
  z
    .object({
      type: z.literal(problemType(code)),
      title: z.string(),
      status: z.literal(problems[code].status),
      code: z.literal(code),
      detail: z.string().meta({ description: 'A constant sentence: what the caller can do.' }),
      traceId: z.string().meta({ description: 'What an operator searches the log for.' }),
      ...factsOf(code),
    })
    .meta({ id: code, title: problems[code].title, description: problems[code].detail })

export const problemCodes = Object.keys(problems) as readonly ProblemCode[]

export const problemSchemas = Object.fromEntries(problemCodes.map((code) => [code, problemSchema(code)])) as Readonly<
  Record<ProblemCode, ReturnType<typeof problemSchema>>
>
