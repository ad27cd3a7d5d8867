import { codeOf, files, importsOf, read } from '../support/sources.ts'

const DOMAINS = ['rotation', 'vending', 'callers']
const sources = files('src/**/*.ts')

const roomOf = (path: string): string => path.split('/').slice(0, 2).join('/')

/** What each room may import; a room may always import itself. Packages by name, rooms by path. */
const rules: Record<string, (RegExp | string)[]> = {
  'src/client': [],
  'src/common': [/^node:(crypto|util)$/],
  'src/rotation': ['src/common'],
  'src/vending': ['src/common', 'lru-cache'],
  'src/callers': ['src/common', 'limiter', 'lru-cache', 'node:crypto'],
  'src/azure': ['src/common', 'src/rotation', 'src/vending', 'src/callers', /^@azure\//, 'jose', /^node:timers/],
  'src/functions': [
    'src/common',
    'src/rotation',
    'src/vending',
    'src/callers',
    '@azure/functions',
    /^node:(crypto|fs|module|url)$/,
    'zod',
    'zod/mini',
  ],
  'src/settings.ts': ['src/common', 'src/rotation', 'zod/mini'],
  'src/config.ts': [/^src\/(common|callers|rotation|azure|settings\.ts|platform-settings\.ts)$/, 'zod/mini'],
  'src/platform-settings.ts': ['src/common', 'src/azure'],
  'src/parts': [/^src\/(?!client$|main\.ts$)/, '@azure/functions', '@azure/identity'],
  'src/main.ts': [/^src\/(?!client$)/, 'docs/openapi.json', '@azure/functions'],
}

test('every file of src is in a room that has rules', () => {
  expect(sources.filter((path) => !(roomOf(path) in rules))).toEqual([])
  expect(sources.length).toBeGreaterThan(30)
})

test.each(sources)('%s imports only what its room may', (path) => {
  const room = roomOf(path)
  const allowed = [room, ...(rules[room] ?? [])]
  const fits = (target: string) => {
    const place = target.startsWith('src/') ? roomOf(target) : target
    return allowed.some((rule) => (typeof rule === 'string' ? rule === place : rule.test(place)))
  }
  expect(importsOf(path).filter((target) => !fits(target))).toEqual([])
})

test.each(sources.filter((path) => path.startsWith('src/azure/')))(
  '%s takes from the domains their ports alone',
  (path) => {
    const domains = importsOf(path).filter((target) => DOMAINS.some((domain) => target.startsWith(`src/${domain}/`)))
    expect(domains.filter((target) => !target.endsWith('/ports.ts'))).toEqual([])
    const values = read(path).matchAll(/import (?!type )[^']*? from '\.\.\/(rotation|vending|callers)\//g)
    expect([...values].map(([line]) => line)).toEqual([])
  },
)

test.each(sources.filter((path) => [...DOMAINS, 'common'].some((room) => path.startsWith(`src/${room}/`))))(
  '%s is given time, network, randomness and settings, and takes none',
  (path) => {
    expect(codeOf(path)).not.toMatch(
      /Date\.now\(|new Date\(\)|Math\.random\(|process\.|\bfetch\(|console\.|setTimeout\(|setInterval\(/,
    )
  },
)

test('only main reads settings and registers functions', () => {
  const elsewhere = sources.filter((path) => path !== 'src/main.ts' && /process\.env|\bapp\.\w+\(/.test(codeOf(path)))
  expect(elsewhere).toEqual([])
})

test('nothing in src knows of a stand-in, an emulator, loopback or a test', () => {
  const forbidden = /stand-?in|emulat|azurite|devstore|UseDevelopmentStorage|\bmock|\bfake|(?<!\.)\btests?\b/i
  // The host's own word for a storage is among the settings that it takes, and nowhere else.
  const textOf = (path: string) =>
    path === 'src/platform-settings.ts' ? read(path).replace("'UseDevelopmentStorage=true'", '') : read(path)
  expect(sources.filter((path) => forbidden.test(textOf(path)))).toEqual([])
  // The client sends a bearer over plain http to no other place.
  const here = sources.filter((path) => /localhost|loopback|127\.0\.0\.1/i.test(read(path)))
  expect(here.filter((path) => !path.startsWith('src/client/'))).toEqual([])
})

test('the client goes to applications: it needs nothing of Node, reads no setting, writes nowhere and keeps nothing', () => {
  const client = sources.filter((path) => path.startsWith('src/client/'))
  expect(client.length).toBeGreaterThan(5)
  const foreign = /node:|process\.|Buffer|console\.|Storage\b|cookie/
  expect(client.filter((path) => foreign.test(codeOf(path)))).toEqual([])
})

test('local and src do not know each other', () => {
  const local = files('local/**/*.ts')
  expect(local.length).toBeGreaterThan(30)
  expect(local.filter((path) => importsOf(path).some((target) => target.startsWith('src/')))).toEqual([])
  expect(sources.filter((path) => importsOf(path).some((target) => /^(local|ops|test)\//.test(target)))).toEqual([])
})

test('nobody believes a header that anybody could send', () => {
  const believes = /x-ms-(client-principal|token-aad)|request\.user\b|\{[^}]*\buser\b[^}]*\} = request\b/i
  expect(sources.filter((path) => believes.test(codeOf(path)))).toEqual([])
})
