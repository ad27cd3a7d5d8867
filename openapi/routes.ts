// Every route: who serves it, what it takes, what it answers, and the codes with which it may refuse.

import { noBody, revokeBody } from '../src/functions/schemas/bodies.ts'
import { documentAnswer, healthAnswer } from '../src/functions/schemas/health.ts'
import { planAnswer } from '../src/functions/schemas/plan.ts'
import { accountStatus, fleetStatus } from '../src/functions/schemas/status.ts'
import { tokenAnswer } from '../src/functions/schemas/token.ts'
import * as examples from './examples.ts'
import { type Answer, anyBody, anyCaller, type Route } from './route.ts'

const NOTHING = { schema: noBody, example: {}, required: false }
const PLANNED: Answer = {
  description: 'A dry run, or a deployment that only plans: what would be done. Nothing was.',
  content: { schema: planAnswer, example: examples.plan },
}
const ACCEPTED: Answer = {
  description: 'It will be done; the plan is what a run would do now.',
  content: { schema: planAnswer, example: examples.plan },
  headers: ['Location'],
}

export const routes: readonly Route[] = [
  {
    name: 'issueToken',
    method: 'post',
    path: '/accounts/{account}/token',
    tag: 'vendor',
    summary: 'A token of an account',
    description:
      'A short-lived token of the token service of the account. Keep it until `refresh_after`. A caller who is granted some accounts cannot tell which others exist.',
    roles: ['Token.Issue', 'Token.Issue.{account}'],
    body: NOTHING,
    answers: { 200: { description: 'The token.', content: { schema: tokenAnswer, example: examples.token } } },
    refusals: [
      ...anyCaller,
      ...anyBody,
      'unknown_account',
      'tokens_unsupported',
      'keyless_not_enabled',
      'account_held',
      'key_refused',
      'token_service_unavailable',
    ],
  },
  {
    name: 'listAccounts',
    method: 'get',
    path: '/accounts',
    tag: 'rotator',
    summary: 'The status of the fleet',
    description: 'Every account that is looked after, and what could not be looked at. Never a key.',
    roles: ['Rotation.Read'],
    answers: { 200: { description: 'The fleet.', content: { schema: fleetStatus, example: examples.fleet } } },
    refusals: anyCaller,
  },
  {
    name: 'getAccount',
    method: 'get',
    path: '/accounts/{account}',
    tag: 'rotator',
    summary: 'The status of an account',
    description:
      'The live slot, when the next rotation is due, what is amiss, and how the last run ended. Never a key.',
    roles: ['Rotation.Read'],
    answers: { 200: { description: 'The account.', content: { schema: accountStatus, example: examples.account } } },
    refusals: [...anyCaller, 'unknown_account'],
  },
  {
    name: 'rotateAccount',
    method: 'post',
    path: '/accounts/{account}/rotate',
    tag: 'rotator',
    summary: 'Rotate before the date',
    description: 'Regenerates the key that callers are not using, and publishes it. Breaks no caller.',
    roles: ['Rotation.Manage'],
    dryRun: true,
    body: NOTHING,
    answers: { 200: PLANNED, 202: ACCEPTED },
    refusals: [...anyCaller, ...anyBody, 'unknown_account', 'in_grace', 'not_possible'],
  },
  {
    name: 'revokeAccount',
    method: 'post',
    path: '/accounts/{account}/revoke',
    tag: 'rotator',
    summary: 'End a key that leaked',
    description: 'At once: neither hold nor grace stops it. Whoever still uses that key is refused from then on.',
    roles: ['Rotation.Revoke'],
    dryRun: true,
    body: { schema: revokeBody, example: { slots: 'live' }, required: true },
    answers: { 200: PLANNED, 202: ACCEPTED },
    refusals: [...anyCaller, ...anyBody, 'unknown_account', 'not_possible'],
  },
  {
    name: 'health',
    method: 'get',
    path: '/health',
    tag: 'both',
    summary: 'Do the settings fit?',
    description: 'Asks nobody upstream.',
    roles: [],
    answers: {
      200: { description: 'They do.', content: { schema: healthAnswer, example: { status: 'ok' } } },
      503: {
        description: 'They do not: the log names them.',
        content: { schema: healthAnswer, example: { status: 'misconfigured' } },
      },
    },
    refusals: ['method_not_allowed'],
  },
  {
    name: 'openapi',
    method: 'get',
    path: '/openapi.json',
    tag: 'both',
    summary: 'This document',
    description: 'The same of every deployment of one build, whatever its role and its settings.',
    roles: [],
    answers: {
      200: {
        description: 'The document.',
        content: { schema: documentAnswer, example: { openapi: '3.1.1' } },
        isPublic: true,
      },
      304: { description: 'Whoever asked has it: `If-None-Match` names its `ETag`.', isPublic: true },
    },
    refusals: ['method_not_allowed'],
  },
]
