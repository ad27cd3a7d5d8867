// Key Vault of the stand-in, driven by the unmodified client: what it refuses, and to whom (contract B2 to B4).

import type { SecretClient } from '@azure/keyvault-secrets'
import { all, apiVersion, quick, refusalOf, useVault, vaultUrl } from './vault.ts'

const vault = useVault()
const stranger = '00000000-0000-4000-8000-00000000dead'

describe('refusals (contract B4)', () => {
  const deleted = async () => {
    const name = vault.freshName()
    await vault.officer.setSecret(name, 'one')
    await (await vault.officer.beginDeleteSecret(name, quick)).pollUntilDone()
    return name
  }
  const deleting = async (work: (name: string) => Promise<unknown>) => {
    const name = vault.freshName()
    await vault.officer.setSecret(name, 'one')
    await vault.azure.switchOver({ deletionSeconds: 60 }, () => vault.officer.beginDeleteSecret(name, quick))
    await work(name)
  }
  const recovering = async (work: (name: string) => Promise<unknown>) => {
    const name = await deleted()
    await vault.azure.switchOver({ deletionSeconds: 60 }, () => vault.officer.beginRecoverDeletedSecret(name, quick))
    await work(name)
  }
  const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, 'v']))
  const none = 'f'.repeat(32)

  test.each<{ what: string; work: () => Promise<unknown>; refusal: [number, string, string?] }>([
    {
      what: 'a secret that is not there',
      work: () => vault.officer.getSecret('absent'),
      refusal: [404, 'SecretNotFound'],
    },
    {
      what: 'a version that is not there',
      work: async () => {
        const name = vault.freshName()
        await vault.officer.setSecret(name, 'one')
        await vault.officer.getSecret(name, { version: none })
      },
      refusal: [404, 'SecretNotFound'],
    },
    {
      what: 'an update of a secret that is not there',
      work: () => vault.officer.updateSecretProperties('absent', none, { enabled: false }),
      refusal: [404, 'SecretNotFound'],
    },
    {
      what: 'a delete of what is not there',
      work: () => vault.officer.beginDeleteSecret('absent'),
      refusal: [404, 'SecretNotFound'],
    },
    {
      what: 'a deleted secret not there',
      work: () => vault.officer.getDeletedSecret('absent'),
      refusal: [404, 'SecretNotFound'],
    },
    {
      what: 'a purge of what is not deleted',
      work: () => vault.officer.purgeDeletedSecret('absent'),
      refusal: [404, 'SecretNotFound'],
    },
    {
      what: 'the name of a deleted secret',
      work: async () => vault.officer.setSecret(await deleted(), 'two'),
      refusal: [409, 'Conflict', 'ObjectIsDeletedButRecoverable'],
    },
    {
      what: 'a set while it is being deleted',
      work: () => deleting((name) => vault.officer.setSecret(name, 'two')),
      refusal: [409, 'Conflict', 'ObjectIsBeingDeleted'],
    },
    {
      what: 'an update of a deleted secret',
      work: async () => vault.officer.updateSecretProperties(await deleted(), '', { enabled: false }),
      refusal: [404, 'SecretNotFound'],
    },
    {
      what: 'an update while it is being deleted',
      work: () => deleting((name) => vault.officer.updateSecretProperties(name, '', { enabled: false })),
      refusal: [409, 'Conflict', 'ObjectIsBeingDeleted'],
    },
    {
      what: 'a purge while it is being deleted',
      work: () => deleting((name) => vault.officer.purgeDeletedSecret(name)),
      refusal: [409, 'Conflict', 'ObjectIsBeingDeleted'],
    },
    {
      what: 'a set while it is being recovered',
      work: () => recovering((name) => vault.officer.setSecret(name, 'two')),
      refusal: [409, 'Conflict', 'ObjectIsBeingRecovered'],
    },
    {
      what: 'a set without the right',
      work: () => vault.clientFor('reader').setSecret('any', 'x'),
      refusal: [403, 'Forbidden', 'ForbiddenByRbac'],
    },
    {
      what: 'a name with other characters',
      work: () => vault.officer.setSecret('bad_name!', 'x'),
      refusal: [400, 'BadParameter'],
    },
    {
      what: 'a name of 128 characters',
      work: () => vault.officer.setSecret('n'.repeat(128), 'x'),
      refusal: [400, 'BadParameter'],
    },
    {
      what: 'a value above 25 KB',
      work: () => vault.officer.setSecret('any', 'x'.repeat(25_601)),
      refusal: [400, 'BadParameter'],
    },
    {
      what: '16 tags',
      work: () => vault.officer.setSecret('any', 'x', { tags: tags(16) }),
      refusal: [400, 'BadParameter'],
    },
    {
      what: 'a tag name of 513 characters',
      work: () => vault.officer.setSecret('any', 'x', { tags: { ['t'.repeat(513)]: 'v' } }),
      refusal: [400, 'BadParameter'],
    },
    {
      what: 'a tag value of 513 characters',
      work: () => vault.officer.setSecret('any', 'x', { tags: { t: 'v'.repeat(513) } }),
      refusal: [400, 'BadParameter'],
    },
    {
      what: 'a content type of 256 characters',
      work: () => vault.officer.setSecret('any', 'x', { contentType: 'c'.repeat(256) }),
      refusal: [400, 'BadParameter'],
    },
  ])('$what: $refusal', async ({ work, refusal: [status, code, inner] }) => {
    expect(await refusalOf(work())).toEqual([status, code, inner])
  })

  test.each([
    { what: 'access policy', status: 403, code: 'Forbidden', innerCode: 'AccessDenied' },
    { what: 'access policy, other wording', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByPolicy' },
    { what: 'firewall', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByFirewall' },
    { what: 'public access off', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByConnection' },
    { what: 'throttled', status: 429, code: 'Throttled', innerCode: undefined },
  ])('$what, on request: $status $code $innerCode', async ({ status, code, innerCode }) => {
    const inner = innerCode === undefined ? {} : { innerCode }
    vault.azure.fault({ route: 'keyVault.getSecret', kind: 'status', status, code, ...inner })
    expect(await refusalOf(vault.officer.getSecret('any'))).toEqual([status, code, innerCode])
  })

  test('the largest of everything is taken', async () => {
    const name = 'n'.repeat(127)
    const options = { contentType: 'c'.repeat(255), tags: { ...tags(14), ['t'.repeat(512)]: 'v'.repeat(512) } }
    const set = await vault.officer.setSecret(name, 'x'.repeat(25_600), options)
    expect(set.properties).toMatchObject(options)
  })

  test('a call without api-version is refused', async () => {
    expect((await fetch(`${vaultUrl}/secrets/any`, { headers: await vault.bearer() })).status).toBe(400)
  })

  test.each([
    { what: 'that is no JSON', type: 'application/json', body: '{' },
    { what: 'of another type', type: 'text/plain', body: '{"value":"x"}' },
  ])('a body $what is refused', async ({ type, body }) => {
    const init = { method: 'PUT', headers: { 'content-type': type, ...(await vault.bearer()) }, body }
    const answer = await fetch(`${vaultUrl}/secrets/any?${apiVersion}`, init)
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'BadParameter' } }])
  })

  test.each([
    ['7.5', 200],
    ['7.6-preview.2', 200],
    ['2026-04-01', 200],
    ['2026-04-31', 400],
    ['8.0', 400],
    ['latest', 400],
  ])('api-version %s is %i', async (version, status) => {
    const headers = await vault.bearer()
    expect((await fetch(`${vaultUrl}/secrets?api-version=${version}`, { headers })).status).toBe(status)
  })
})

describe('who may', () => {
  test('a call without bearer is challenged, whatever its body says', async () => {
    const name = vault.freshName()
    const body = JSON.stringify({ value: 'early' })
    const answer = await fetch(`${vaultUrl}/secrets/${name}?${apiVersion}`, {
      method: 'PUT',
      body,
      headers: { 'x-ms-client-request-id': 'request-1' },
    })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer authorization="https://login.microsoftonline.com/${vault.azure.world.seed.tenantId}", resource="https://vault.azure.net"`,
    )
    expect(answer.headers.get('x-ms-client-request-id')).toBe('request-1')
    expect(answer.headers.get('x-ms-keyvault-region')).toBe('westus2')
    expect(await answer.json()).toMatchObject({ error: { code: 'Unauthorized' } })
    expect(await refusalOf(vault.officer.getSecret(name))).toEqual([404, 'SecretNotFound', undefined])
  })

  test('the first call of a client goes without token and body, and its second one works', async () => {
    const name = vault.freshName()
    const before = vault.azure.world.journal.length
    await vault.clientFor('officer').setSecret(name, 'one')
    const seen = vault.azure.world.journal.slice(before).filter((entry) => entry.route === 'keyVault.setSecret')
    expect(seen.map((entry) => entry.status)).toEqual([401, 200])
  })

  test.each([
    { what: 'for another audience', audience: 'https://management.azure.com', spoilt: {} },
    { what: 'that is over', audience: undefined, spoilt: { lifetimeSeconds: -600 } },
    { what: 'with a slash behind its audience', audience: 'https://vault.azure.net/', spoilt: {} },
    { what: 'with a wrong aud alone', audience: undefined, spoilt: { claims: { aud: 'https://example.com' } } },
    { what: 'with a wrong tid alone', audience: undefined, spoilt: { claims: { tid: stranger } } },
    {
      what: 'with a wrong iss alone',
      audience: undefined,
      spoilt: { claims: { iss: `https://sts.windows.net/${stranger}/` } },
    },
  ])('a token $what is challenged as invalid', async ({ audience, spoilt }) => {
    const headers = await vault.bearer(audience, spoilt)
    const answer = await fetch(`${vaultUrl}/secrets?${apiVersion}`, { headers })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain(
      'resource="https://vault.azure.net", error="invalid_token"',
    )
  })

  test('the name of a query parameter may come percent-encoded', async () => {
    const answer = await fetch(`${vaultUrl}/secrets?api%2Dversion=2026-04-01`, { headers: await vault.bearer() })
    expect(answer.status).toBe(200)
  })

  test.each<{ right: string; doing: string; work: (client: SecretClient) => Promise<unknown> }>([
    { right: 'setSecret', doing: 'set', work: (client) => client.setSecret('right', 'x') },
    { right: 'getSecret', doing: 'get', work: (client) => client.getSecret('right') },
    { right: 'readMetadata', doing: 'list', work: (client) => all(client.listPropertiesOfSecrets()) },
    {
      right: 'readMetadata',
      doing: 'list versions',
      work: (client) => all(client.listPropertiesOfSecretVersions('x')),
    },
    { right: 'readMetadata', doing: 'get deleted', work: (client) => client.getDeletedSecret('right') },
    { right: 'readMetadata', doing: 'list deleted', work: (client) => all(client.listDeletedSecrets()) },
    {
      right: 'update',
      doing: 'update',
      work: (client) => client.updateSecretProperties('right', '', { enabled: true }),
    },
    { right: 'delete', doing: 'delete', work: (client) => client.beginDeleteSecret('right', quick) },
    { right: 'recover', doing: 'recover', work: (client) => client.beginRecoverDeletedSecret('right', quick) },
    { right: 'purge', doing: 'purge', work: (client) => client.purgeDeletedSecret('right') },
  ])('to $doing takes $right, and all the other rights do not replace it', async ({ right, doing, work }) => {
    const inner = doing.startsWith('list') ? undefined : 'ForbiddenByRbac'
    expect(await refusalOf(work(vault.clientFor(`without-${right}`)))).toEqual([403, 'Forbidden', inner])
  })

  test('a grant for one secret is good for that one only', async () => {
    await vault.officer.setSecret('granted', 'one')
    await vault.officer.setSecret('not-granted', 'two')
    const narrow = vault.clientFor('one-secret')
    expect((await narrow.getSecret('granted')).value).toBe('one')
    expect(await refusalOf(narrow.getSecret('not-granted'))).toEqual([403, 'Forbidden', 'ForbiddenByRbac'])
  })
})
