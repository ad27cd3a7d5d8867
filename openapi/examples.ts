// Examples of answers. What stands for a secret does not look like one.

import type { FleetStatus } from '../src/rotation/status.ts'

const SUBSCRIPTION = '11111111-1111-4111-8111-111111111111'

export const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

export const token = {
  access_token: 'the-token',
  token_type: 'Bearer',
  expires_in: 540,
  expires_at: '2026-02-01T12:09:00.000Z',
  refresh_after: '2026-02-01T12:07:00.000Z',
  account: 'speech-west',
  region: 'westus2',
  endpoint: 'https://westus2.api.cognitive.microsoft.com/',
}

export const fleet: FleetStatus = {
  accounts: [
    {
      account: 'speech-west',
      id: `/subscriptions/${SUBSCRIPTION}/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/speech-west`,
      kind: 'SpeechServices',
      region: 'westus2',
      state: 'managed',
      liveSlot: 'key2',
      since: '2026-01-15T07:00:00.000Z',
      due: '2026-02-14T07:00:00.000Z',
      overdue: false,
      graceUntil: '2026-01-17T07:00:00.000Z',
      held: false,
      drift: [],
      warnings: [],
      lastRun: {
        at: '2026-02-01T11:07:12.000Z',
        outcome: 'waiting',
        details: { why: 'not-due', until: '2026-02-14T07:00:00.000Z' },
        planned: ['wait'],
        did: [],
      },
    },
  ],
  failed: [{ subscription: '22222222-2222-4222-8222-222222222222', reason: 'list accounts: HTTP 403' }],
}

export const account = fleet.accounts[0]

export const plan = { plan: { kind: 'rotate', slot: 'key1' } }

/** What a code says beside what all codes say. */
export const facts: Readonly<Record<string, object>> = {
  in_grace: { until: '2026-02-03T00:00:00.000Z' },
  not_possible: { reason: 'held' },
}
