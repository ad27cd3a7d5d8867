// Route templates of the embedded host: what a path matches, which route wins, what is refused at the start.

import { createRouter, type Route } from '../../local/host/routes.ts'

const route = (template: string, methods: string[] = []): Route<string> => ({ template, methods, target: template })
const find = (template: string, path: string) => createRouter([route(template)])('GET', path)?.params

test.each([
  { template: 'a/b', path: '/a/b', params: {} },
  { template: '/a/b/', path: '/A/B/', params: {} },
  { template: 'a/{x}', path: '/a/1', params: { x: '1' } },
  { template: 'a/{x}', path: '/a/%E2%82%AC%20+', params: { x: '€ +' } },
  { template: 'a/{x}', path: '/a/b%2Fc', params: { x: 'b%2Fc' } },
  { template: 'a/{x}', path: '/a/%ZZ', params: { x: '%ZZ' } },
  { template: 'a/{x}', path: '/a/', params: undefined },
  { template: 'a/{x}', path: '/a/1/2', params: undefined },
  { template: 'a/{x?}', path: '/a', params: {} },
  { template: 'a/{x?}', path: '/a/', params: {} },
  { template: 'a/{x?}', path: '/a/1', params: { x: '1' } },
  { template: 'a/{x:int?}', path: '/a', params: {} },
  { template: 'a/{x:int?}', path: '/a/b', params: undefined },
  { template: 'a/{*rest}', path: '/a', params: {} },
  { template: 'a/{*rest}', path: '/a/b/c', params: { rest: 'b/c' } },
  { template: '{*rest}', path: '/b/c', params: { rest: 'b/c' } },
  { template: 'a/{x}.{y}', path: '/a/b.c', params: { x: 'b', y: 'c' } },
  { template: 'a/report-{year:int}_v{n}', path: '/a/report-2026_v1', params: { year: '2026', n: '1' } },
  { template: 'a/(b)*', path: '/a/(b)*', params: {} },
])('$template at $path gives $params', ({ template, path, params }) => {
  expect(find(template, path)).toEqual(params)
})

test.each([
  { constraint: 'int', yes: ['0', '-5', '2147483647'], no: ['2147483648', '1.5', 'a', '0x1'] },
  { constraint: 'long', yes: ['9223372036854775807'], no: ['9223372036854775808'] },
  { constraint: 'alpha', yes: ['abcXYZ'], no: ['a1', 'ä'] },
  { constraint: 'bool', yes: ['true', 'False'], no: ['1'] },
  { constraint: 'guid', yes: ['0f8fad5b-d9cb-469f-a165-70867728950e'], no: ['0f8fad5b'] },
  { constraint: 'decimal', yes: ['1.5', '-2'], no: ['1e5'] },
  { constraint: 'length(2)', yes: ['ab'], no: ['a', 'abc'] },
  { constraint: 'length(2,3)', yes: ['ab', 'abc'], no: ['a', 'abcd'] },
  { constraint: 'minlength(2)', yes: ['ab', 'abc'], no: ['a'] },
  { constraint: 'maxlength(2)', yes: ['a', 'ab'], no: ['abc'] },
  { constraint: 'min(3)', yes: ['3', '10'], no: ['2', 'a'] },
  { constraint: 'max(3)', yes: ['3', '-1'], no: ['4'] },
  { constraint: 'range(1,9)', yes: ['1', '9'], no: ['0', '10'] },
  { constraint: 'regex(^a{{2}}$)', yes: ['aa'], no: ['a', 'aaa'] },
  { constraint: 'regex(^(a|b:c)$)', yes: ['a', 'b:c'], no: ['b'] },
  { constraint: 'int:min(5)', yes: ['5'], no: ['4', '5.5'] },
])('{x:$constraint} takes $yes and leaves $no', ({ constraint, yes, no }) => {
  const takes = (value: string) => find(`a/{x:${constraint}}`, `/a/${value}`) !== undefined
  expect(yes.filter((value) => !takes(value))).toEqual([])
  expect(no.filter(takes)).toEqual([])
})

test.each([
  { path: '/a/fixed', wins: 'a/fixed' },
  { path: '/a/v2', wins: 'a/v{x}' },
  { path: '/a/12', wins: 'a/{id:int}' },
  { path: '/a/other', wins: 'a/{x}' },
  { path: '/a/other/more', wins: 'a/{*rest}' },
])('$path goes to $wins, in whatever order the routes were registered', ({ path, wins }) => {
  const routes = ['a/{*rest}', 'a/{x}', 'a/{id:int}', 'a/v{x}', 'a/fixed'].map((template) => route(template))
  expect(createRouter(routes)('GET', path)?.target).toBe(wins)
  expect(createRouter(routes.toReversed())('GET', path)?.target).toBe(wins)
})

test('two routes of one path are told apart by their methods; other methods match none', () => {
  const router = createRouter([
    { template: 'a/{x}', methods: ['GET'], target: 'reads' },
    { template: 'a/{y}', methods: ['PUT', 'POST'], target: 'writes' },
  ])
  expect(router('GET', '/a/1')).toEqual({ target: 'reads', params: { x: '1' } })
  expect(router('POST', '/a/1')).toEqual({ target: 'writes', params: { y: '1' } })
  expect(router('DELETE', '/a/1')).toBeUndefined()
})

test.each([
  { template: 'a/{x:odd}', says: 'unknown constraint odd' },
  { template: 'a/{x:length(a)}', says: 'unknown constraint length(a)' },
  { template: 'a/{x:range(1)}', says: 'unknown constraint range(1)' },
  { template: 'a/{*rest}/b', says: 'must be the last segment' },
  { template: 'a/{x?}/b', says: 'must be the last segment' },
  { template: 'a/b{x?}', says: 'must be a segment of its own' },
  { template: 'a/{x', says: 'braces do not match' },
  { template: 'a/{}', says: 'cannot read' },
  { template: 'a/{x=1}', says: 'cannot read' },
])('$template is refused: $says', ({ template, says }) => {
  expect(() => createRouter([route(template)])).toThrow(says)
})
