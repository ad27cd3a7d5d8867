// docs/errors.md has a section for every code, with what a caller and an operator do, and for no other.

import { problems } from '../../src/functions/problem.ts'
import { problemCodes } from '../../src/functions/schemas/problem.ts'
import { read } from '../support/sources.ts'

const SECTION = /^## `(\w+)`\n\n(\d+) (.+)\n\n- When: (.+)\n- Caller: (.+)\n- Operator: (.+)$/gm
const page = read('docs/errors.md')
const sections = [...page.matchAll(SECTION)].map(([, code, status, title]) => ({ code, status: Number(status), title }))

test('the page has the codes in the order of the code, with their statuses and titles', () => {
  expect(sections).toEqual(
    problemCodes.map((code) => ({ code, status: problems[code].status, title: problems[code].title })),
  )
})

test('the page has no other section', () => {
  expect(page.match(/^## /gm)).toHaveLength(problemCodes.length)
})

test('what passes by itself says when to try again, and nothing else does', () => {
  const waiting = problemCodes.filter(
    (code) => code === 'rate_limited' || 'Retry-After' in (problems[code].headers ?? {}),
  )
  const told = [...page.matchAll(SECTION)]
    .filter(([section]) => /after `Retry-After`/.test(section))
    .map(([, code]) => code)
  expect(told).toEqual(waiting)
})
