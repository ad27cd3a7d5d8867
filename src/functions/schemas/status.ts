// What an operator is told of the fleet. Instants are ISO 8601 in UTC; what is not known is absent.

import * as z from 'zod'
import { slot } from './plan.ts'

const refusal = z
  .object({
    reason: z.enum(['secret_not_ours', 'other_publisher', 'name_taken']),
    owner: z.string().exactOptional().meta({ description: 'An ARM id, or the name of a deployment.' }),
  })
  .meta({ id: 'Refusal', description: 'Why the account is not given the secret that it wants.' })

const drift = z
  .enum(['deleted', 'disabled', 'tied', 'edited', 'not-ours', 'local-auth', 'id', 'kind', 'region', 'subdomain'])
  .meta({ id: 'Drift', description: 'What somebody changed.' })

const warning = z
  .enum(['token_exchange_not_documented', 'multi_service_not_documented'])
  .meta({ id: 'Warning', description: 'What Microsoft does not document for the region; it is tried all the same.' })

const state = z
  .enum(['managed', 'not-published', 'adoptable', 'foreign', 'deleted', 'local-auth-disabled', 'unmanaged', 'unknown'])
  .meta({ id: 'State' })

const lastRun = z
  .object({
    at: z.string().meta({ description: 'An instant, as the run noted it.' }),
    outcome: z.string().meta({ description: '`failed`, or the kind of an outcome.' }),
    details: z.record(z.string(), z.string()),
    planned: z.array(z.string()),
    did: z.array(z.string()),
  })
  .meta({ id: 'LastRun' })

export const accountStatus = z
  .object({
    account: z.string().meta({ description: "The name that callers use: the secret's." }),
    id: z.string().meta({ description: 'ARM id.' }),
    kind: z.string(),
    region: z.string(),
    state,
    liveSlot: slot.exactOptional().meta({ description: 'The slot that the published record names.' }),
    since: z.iso.datetime().exactOptional(),
    due: z.iso.datetime().exactOptional(),
    overdue: z
      .boolean()
      .exactOptional()
      .meta({ description: 'Later than due by more than the time between two checks.' }),
    graceUntil: z.iso
      .datetime()
      .exactOptional()
      .meta({ description: 'Until when the key that was replaced stays valid at the least.' }),
    held: z.boolean().meta({ description: 'Paused by the tag, or by somebody who disabled the newest version.' }),
    badPolicy: z.string().exactOptional().meta({ description: 'Why the policy tags are refused.' }),
    refused: refusal.exactOptional(),
    drift: z.array(drift),
    warnings: z.array(warning),
    lastRun: lastRun
      .exactOptional()
      .meta({ description: 'Absent when there was none, or it did not end in order, and while one is under way.' }),
  })
  .meta({ id: 'AccountStatus' })

const failure = z
  .object({
    subscription: z.string(),
    account: z.string().exactOptional().meta({ description: 'ARM id.' }),
    reason: z.string(),
  })
  .meta({ id: 'Failure', description: 'A subscription or an account that could not be looked at.' })

export const fleetStatus = z
  .object({
    accounts: z.array(accountStatus).meta({ description: 'Sorted by name.' }),
    failed: z.array(failure).meta({ description: 'What could not be looked at; the accounts there are missing.' }),
  })
  .meta({ id: 'FleetStatus' })
