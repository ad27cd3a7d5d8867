// `npm run test:browser`: examples/browser in Chromium, against the built vendor and the stand-in for Azure.

import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localHost } from '../../local/app-process.ts'
import { seedSchema } from '../../local/azure/seed.ts'
import { runCommand } from '../../local/command.ts'
import { pointAtAzure } from '../../local/point-at-azure.ts'
import seed from '../../local/seed.json' with { type: 'json' }
import { type Stack, startStack } from '../../local/stack.ts'
import { requireChromium, startChromium } from './chromium.ts'
import { type PageServer, startPageServer } from './page-server.ts'
import { watchTraffic } from './traffic.ts'

const LIMIT_MS = 30_000

async function main(): Promise<number> {
  await requireChromium()
  await using end = new AsyncDisposableStack()
  const keep = <T extends { close(): Promise<void> }>(started: T): T => {
    end.defer(() => started.close())
    return started
  }
  const folder = await mkdtemp(join(tmpdir(), 'keystile-browser-'))
  end.defer(() => rm(folder, { recursive: true, force: true }))
  const pages = keep(await startPageServer())
  const stack = keep(await start(folder, pages.origin))
  end.defer(await pointAtAzure(stack.azure))
  pages.setup.vendorUrl = stack.vendor.url
  await published(stack)
  await drive(stack, pages, keep(await startChromium(join(folder, 'profile'), stack.azure.proxyUrl)))
  return 0
}

/** Both apps under a host that lets pages of this origin in, as `Host.CORS` and Azure's CORS setting do. */
const start = (folder: string, origin: string): Promise<Stack> =>
  startStack({
    seed: seedSchema.parse(seed),
    folder,
    host: { ...localHost, args: (port) => [...localHost.args(port), '--cors', origin] },
    rotator: { KEYSTILE_SCHEDULE: '* * * * * *', KEYSTILE_PROOF_SPACING: 'PT0S', KEYSTILE_SETTLE: 'PT0S' },
  })

async function published({ azure }: Stack): Promise<void> {
  const end = Date.now() + LIMIT_MS
  const isThere = () =>
    azure.journal
      .since(0)
      .entries.some(({ event, account }) => event === 'published' && account === 'translator-global')
  while (!isThere()) {
    if (Date.now() > end) throw new Error('translator-global was not published')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

type Context = Awaited<ReturnType<typeof startChromium>>

async function drive({ azure, vendor }: Stack, { origin, setup }: PageServer, context: Context): Promise<void> {
  const asked: unknown[] = []
  let roles = ['Token.Issue']
  setup.bearer = async (scopes) => {
    asked.push(scopes)
    return (await azure.entra.mint({ kind: 'user', caller: 'app-all', scopes: ['access_as_user'], roles })).token
  }
  const traffic = watchTraffic(context)
  const vends = async () => (await traffic.exchanges()).filter(({ url }) => url.startsWith(vendor.url))
  const page = await context.newPage()
  const translate = async (text: string) => {
    await page.locator('#text').fill(text)
    await page.locator('button').click()
    await page.locator('#translation:not(:text("…"))').waitFor({ state: 'attached', timeout: LIMIT_MS })
    return [await page.locator('#translation').textContent(), await page.locator('#note').textContent()]
  }

  await page.goto(origin)
  const [translation, note] = await translate('Good morning')
  equal(translation, 'de: Good morning')
  match(note ?? '', /^The token ends at \d{1,2}:\d{2}:\d{2}( [AP]M)?\.$/)
  said(`the page shows “${translation}” and “${note}”`)

  equal((await translate('Good night'))[0], 'de: Good night')
  equal((await vends()).length, 1)
  deepEqual(asked, ['api://keystile/access_as_user'])
  said('a second text is translated with the same token: one vend, one bearer')

  const counts = azure.journal.counts()
  ok((counts['translator.preflight'] ?? 0) >= 1)
  equal(counts['translator.translate'], 2)
  said('Chromium asked Translator for leave, as from another origin')

  roles = []
  await page.reload()
  const [none, refusal] = await translate('Good evening')
  deepEqual(
    [none, refusal],
    ['', '403 not_granted: Ask the owners of this API for the app role that covers this request.'],
  )
  said(`a person without the role reads “${refusal}”`)

  const keys = [...azure.world.accounts.values()].flatMap(({ keys }) => Object.values(keys).map(({ value }) => value))
  const secrets = azure.world.seed.callers.map(({ name }) => azure.clientSecret(name))
  const exchanges = await traffic.exchanges()
  const places = [...exchanges.map(({ text }) => text), await page.content()]
  ok(keys.length > 10 && exchanges.length > 8)
  deepEqual(
    [...keys, ...secrets].filter((secret) => places.some((text) => text.includes(secret))),
    [],
  )
  ok(places.every((text) => !/subscription-key/i.test(text)))
  said(`no key and no client secret is in the page or in any of ${exchanges.length} exchanges`)

  deepEqual(
    exchanges.filter(({ url }) => /eyJ/.test(url)),
    [],
  )
  ok(!/eyJ/.test(await page.content()))
  const stored = await page.evaluate('JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])')
  equal(stored, '[{},{},""]')
  said('no bearer and no token is in an address, the document, its storage or a cookie')
  const hosts = new Set(exchanges.map(({ url }) => new URL(url).host))
  deepEqual(
    hosts,
    new Set([origin, vendor.url, 'https://api.cognitive.microsofttranslator.com'].map((url) => new URL(url).host)),
  )
  said('the page spoke to its own server, the vendor and Translator alone')
}

const said = (what: string) => console.log(`seen: ${what}`)

await runCommand('usage: npm run test:browser', main)
