// The OpenAPI document: made of the table of routes and the schemas of answers. Nothing of this is in the app.

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiOverride,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi'
import { documentAnswer } from '../src/functions/schemas/health.ts'
import { type HeaderName, headersOf, publicHeaders, QUOTA, SHARED } from './headers.ts'
import { refusalsOf } from './refusals.ts'
import type { Answer, Route } from './route.ts'
import { routes } from './routes.ts'

const DESCRIPTION = `Vends short-lived tokens of Azure AI services accounts, so that no application holds a key, and rotates the keys of those accounts.

A deployment serves the routes of its role: those tagged \`vendor\`, those tagged \`rotator\`, or both. The document is the same everywhere; a route that a deployment does not serve is an empty 404. HEAD is answered as GET, without the body.

Refusals are problems of RFC 9457. Their \`code\` does not change; more codes and more members of answers may come.`

const account = z
  .string()
  .regex(/^[0-9a-zA-Z-]{1,127}$/)
  .meta({
    description: 'The name of the account: that of its secret, in any case.',
    example: 'speech-west',
    param: { id: 'account' },
  })

const dryRun = z
  .enum(['true', 'false'])
  .optional()
  .meta({
    description: '`true`: answer the plan, and do nothing.',
    example: 'true',
    param: { id: 'dryRun' },
  })

function responseOf({ description, content, headers = [], isPublic }: Answer, hasCaller: boolean) {
  const ours: readonly HeaderName[] = [...SHARED, ...(hasCaller ? QUOTA : []), ...headers]
  const response: ZodOpenApiResponseObject = {
    description,
    headers: isPublic ? publicHeaders : headersOf(ours),
    ...(content && { content: { 'application/json': content } }),
  }
  return response
}

function operationOf(route: Route, refusals: ZodOpenApiResponsesObject): ZodOpenApiOperationObject {
  const { name, tag, summary, description, roles, body, answers } = route
  const query = route.dryRun ? { query: z.object({ dryRun }) } : {}
  const path = route.path.includes('{account}') ? { path: z.object({ account }) } : {}
  return {
    operationId: name,
    tags: [tag],
    summary,
    description,
    security: roles.map((role) => ({ entra: [role] })),
    requestParams: { ...path, ...query },
    ...(body && {
      requestBody: {
        required: body.required,
        content: { 'application/json': { schema: body.schema, example: body.example } },
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, responseOf(answer, roles.length > 0)]),
      ),
      ...refusals,
    },
  }
}

/** Answers may get more members, so the document closes none: `false` would be a promise. A format says it without a pattern. */
const simplify: ZodOpenApiOverride = ({ jsonSchema, io }) => {
  if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern
}

export function openApiDocument() {
  const { version }: { version: string } = JSON.parse(readFileSync(`${import.meta.dirname}/../package.json`, 'utf8'))
  const refusals = refusalsOf(routes.map((route) => route.refusals))
  const operations = routes.map((route, index) => ({ route, operation: operationOf(route, refusals[index] ?? {}) }))
  const byPath = Map.groupBy(operations, ({ route }) => route.path)
  return createDocument(
    {
      openapi: documentAnswer.shape.openapi.value,
      info: { title: 'Keystile', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/api', description: 'The deployment that serves this document.' }],
      tags: [
        { name: 'vendor', description: 'Served by an app whose role is `vendor` or `all`.' },
        { name: 'rotator', description: 'Served by an app whose role is `rotator` or `all`.' },
        { name: 'both', description: 'Served by every app, also while its settings do not fit.' },
      ],
      components: {
        securitySchemes: {
          entra: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description:
              'An access token of Microsoft Entra ID (v1 or v2) for this API, from the tenant that the deployment belongs to. The names in a requirement are app roles; a user needs the scope `access_as_user` as well. ID tokens are refused.',
          },
        },
      },
      paths: Object.fromEntries(
        [...byPath].map(([path, group]) => [
          path,
          Object.fromEntries(group.map(({ route, operation }) => [route.method, operation])),
        ]),
      ),
    },
    { override: simplify },
  )
}

export const openApiText = (): string => `${JSON.stringify(openApiDocument(), null, 2)}\n`
