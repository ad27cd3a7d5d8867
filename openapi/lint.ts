// The recommended rules of Redocly, over the text of a document.

import { createConfig, lintFromString } from '@redocly/openapi-core'

/** @returns a line for each problem: rule, place, what is wrong. */
export async function lint(text: string): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'] })
  const problems = await lintFromString({ source: text, absoluteRef: 'docs/openapi.json', config })
  return problems.map(({ ruleId, location, message }) => `${ruleId} ${location[0]?.pointer ?? ''}: ${message}`)
}
