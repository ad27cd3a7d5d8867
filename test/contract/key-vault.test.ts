// Key Vault of the stand-in, driven by the unmodified client: what happens to secrets (contract B1).

import type { KeyVaultSecret, SecretProperties } from '@azure/keyvault-secrets'
import { z } from 'zod'
import { fingerprint } from '../../local/azure/keys.ts'
import { all, apiVersion, quick, refusalOf, useVault, vaultUrl } from './vault.ts'

const vault = useVault()

describe('secrets and their versions', () => {
  test('a set answers the value, an id with a 32-digit version, and times in whole seconds', async () => {
    const name = vault.freshName()
    const expiresOn = new Date('2030-01-01T00:00:00Z')
    const set = await vault.officer.setSecret(name, 'one', {
      tags: { CredentialId: 'key1' },
      contentType: 'text',
      expiresOn,
    })
    expect(set.value).toBe('one')
    expect(set.properties.id).toMatch(new RegExp(`^${vaultUrl}/secrets/${name}/[0-9a-f]{32}$`))
    expect(set.properties).toMatchObject({
      vaultUrl,
      name,
      enabled: true,
      contentType: 'text',
      tags: { CredentialId: 'key1' },
      expiresOn,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: 90,
    })
    expect(set.properties.createdOn).toEqual(set.properties.updatedOn)
    expect((set.properties.createdOn?.getTime() ?? 1) % 1000).toBe(0)
  })

  test('a read answers the newest version, and an older one by its id; names know no case', async () => {
    const name = vault.freshName()
    const first = await vault.officer.setSecret(name, 'one')
    await vault.officer.setSecret(name.toUpperCase(), 'two')
    expect((await vault.officer.getSecret(name.toLowerCase())).value).toBe('two')
    const { version = '' } = first.properties
    expect((await vault.officer.getSecret(name, { version: version.toUpperCase() })).value).toBe('one')
  })

  test('a name reads the same with a slash behind it and without', async () => {
    const name = vault.freshName()
    await vault.officer.setSecret(name, 'one')
    for (const path of [name, `${name}/`]) {
      const answer = await fetch(`${vaultUrl}/secrets/${path}?${apiVersion}`, { headers: await vault.bearer() })
      expect(await answer.json()).toMatchObject({ value: 'one' })
    }
  })

  test('an update changes what it names, replaces tags as a whole, and answers no value', async () => {
    const name = vault.freshName()
    const { properties } = await vault.officer.setSecret(name, 'one', { tags: { a: '1', b: '2' }, contentType: 'text' })
    const changed = await vault.officer.updateSecretProperties(name, properties.version ?? '', { tags: { c: '3' } })
    expect(changed).toMatchObject({ tags: { c: '3' }, contentType: 'text', version: properties.version })
    const wire = await fetch(`${vaultUrl}/secrets/${name}/?${apiVersion}`, {
      method: 'PATCH',
      headers: { ...(await vault.bearer()), 'content-type': 'application/json' },
      body: JSON.stringify({ contentType: 'other' }),
    })
    const body: unknown = await wire.json()
    expect(body).toMatchObject({ contentType: 'other', tags: { c: '3' } })
    expect(body).not.toHaveProperty('value')
  })

  test('nbf and exp inform and do not refuse', async () => {
    const name = vault.freshName()
    await vault.officer.setSecret(name, 'one', { expiresOn: new Date('2020-01-01T00:00:00Z') })
    expect((await vault.officer.getSecret(name)).value).toBe('one')
  })

  test('a disabled newest version is refused, never passed over; older ones, updates and lists go on', async () => {
    const name = vault.freshName()
    const first = await vault.officer.setSecret(name, 'one')
    const second = await vault.officer.setSecret(name, 'two')
    await vault.officer.updateSecretProperties(name, second.properties.version ?? '', { enabled: false })
    expect(await refusalOf(vault.officer.getSecret(name))).toEqual([403, 'Forbidden', 'SecretDisabled'])
    expect((await vault.officer.getSecret(name, { version: first.properties.version ?? '' })).value).toBe('one')
    const listed = (await all(vault.officer.listPropertiesOfSecrets())).find((secret) => secret.name === name)
    expect(listed?.enabled).toBe(false)
    await vault.officer.updateSecretProperties(name, second.properties.version ?? '', { enabled: true })
    expect((await vault.officer.getSecret(name)).value).toBe('two')
  })
})

describe('lists', () => {
  const named = async (count: number, tags: Record<string, string> = {}): Promise<string[]> => {
    const names = Array.from({ length: count }, vault.freshName)
    for (const name of names) await vault.officer.setSecret(name, 'x', { tags })
    return names
  }
  const namesOf = (secrets: SecretProperties[]) => secrets.map((secret) => secret.name)

  test.each([
    { emptyPages: false, how: 'in full pages' },
    { emptyPages: true, how: 'with empty pages between' },
  ])('every secret is listed once, $how, under an id without version', async ({ emptyPages }) => {
    const names = await named(28, { owner: 'list' })
    await vault.azure.switchOver({ emptyPages }, async () => {
      const listed = await all(vault.officer.listPropertiesOfSecrets())
      expect(
        namesOf(listed)
          .filter((name) => names.includes(name))
          .toSorted(),
      ).toEqual(names.toSorted())
      const [one] = listed.filter((secret) => secret.name === names[0])
      expect(one).toMatchObject({ id: `${vaultUrl}/secrets/${names[0]}`, tags: { owner: 'list' }, enabled: true })
    })
  })

  test('a page holds what was asked for, and its next link is absolute, with port and api-version', async () => {
    await named(3)
    const answer = await fetch(`${vaultUrl}/secrets?${apiVersion}&maxresults=2`, { headers: await vault.bearer() })
    const page = z.object({ value: z.array(z.unknown()), nextLink: z.string() }).parse(await answer.json())
    expect(page.value).toHaveLength(2)
    expect(page.nextLink).toMatch(
      /^https:\/\/vault-a\.vault\.azure\.net:443\/secrets\?api-version=2026-04-01&\$skiptoken=[\w-]+&maxresults=2$/,
    )
  })

  test('an empty page may have a next link', async () => {
    await named(1)
    await vault.azure.switchOver({ emptyPages: true }, async () => {
      const answer = await fetch(`${vaultUrl}/secrets?${apiVersion}`, { headers: await vault.bearer() })
      expect(await answer.json()).toEqual({ value: [], nextLink: expect.stringContaining('$skiptoken=') })
    })
  })

  test.each(['0', '26', 'many'])('a page of %s is refused', async (size) => {
    const answer = await fetch(`${vaultUrl}/secrets?${apiVersion}&maxresults=${size}`, {
      headers: await vault.bearer(),
    })
    expect(answer.status).toBe(400)
  })

  test('all versions are listed, without values, sorted by nothing that a client could use', async () => {
    const name = vault.freshName()
    const set: KeyVaultSecret[] = []
    for (let i = 0; i < 30; i++) set.push(await vault.officer.setSecret(name, `${i}`))
    const versions = (await all(vault.officer.listPropertiesOfSecretVersions(name))).map((listed) => listed.version)
    const inOrder = set.map((secret) => secret.properties.version)
    expect(versions.toSorted()).toEqual(inOrder.toSorted())
    expect(versions).not.toEqual(inOrder)
  })

  test('a name that was never set has no versions, and that is no error', async () => {
    expect(await all(vault.officer.listPropertiesOfSecretVersions(vault.freshName()))).toEqual([])
  })
})

describe('delete, recover, purge', () => {
  /** Ends a delete or recover that was started with the switch at `aWhile`. */
  const finish = (name: string) => {
    const secret = vault.azure.world.vaults.get('vault-a')?.secrets.get(name.toLowerCase())
    if (!secret?.deleted) throw new Error('nothing is under way')
    if (secret.recoveredFrom !== undefined) secret.recoveredFrom = 0
    else secret.deleted = { ...secret.deleted, visibleFrom: 0 }
  }
  const aWhile = { deletionSeconds: 60 }
  const notFound = [404, 'SecretNotFound', undefined]

  test('a delete shows after a while; the poller waits for it; the secret is gone meanwhile', async () => {
    const name = vault.freshName()
    await vault.officer.setSecret(name, 'one', { tags: { a: '1' } })
    await vault.azure.switchOver(aWhile, async () => {
      const poller = await vault.officer.beginDeleteSecret(name, quick)
      expect(await refusalOf(vault.officer.getDeletedSecret(name))).toEqual(notFound)
      expect(await refusalOf(vault.officer.getSecret(name))).toEqual(notFound)
      const done = poller.pollUntilDone()
      finish(name)
      expect(await done).toMatchObject({
        name,
        recoveryId: `${vaultUrl}/deletedsecrets/${name}`,
        deletedOn: expect.any(Date),
      })
    })
    expect((await vault.officer.getDeletedSecret(name)).properties.tags).toEqual({ a: '1' })
    expect((await all(vault.officer.listDeletedSecrets())).map((secret) => secret.name)).toContain(name)
    expect((await all(vault.officer.listPropertiesOfSecrets())).map((secret) => secret.name)).not.toContain(name)
  })

  test('a recover brings every version back after a while, and the poller waits for it', async () => {
    const name = vault.freshName()
    const { properties } = await vault.officer.setSecret(name, 'one')
    await vault.officer.setSecret(name, 'two')
    await (await vault.officer.beginDeleteSecret(name, quick)).pollUntilDone()
    await vault.azure.switchOver(aWhile, async () => {
      const poller = await vault.officer.beginRecoverDeletedSecret(name, quick)
      expect(await refusalOf(vault.officer.getSecret(name))).toEqual(notFound)
      const done = poller.pollUntilDone()
      finish(name)
      expect((await done).name).toBe(name)
    })
    expect((await vault.officer.getSecret(name)).value).toBe('two')
    expect((await vault.officer.getSecret(name, { version: properties.version ?? '' })).value).toBe('one')
    expect(await refusalOf(vault.officer.getDeletedSecret(name))).toEqual(notFound)
  })

  test('both take as long as the switch says', async () => {
    const name = vault.freshName()
    await vault.officer.setSecret(name, 'one')
    await vault.azure.switchOver({ deletionSeconds: 0.1 }, async () => {
      await (await vault.officer.beginDeleteSecret(name, quick)).pollUntilDone()
      await (await vault.officer.beginRecoverDeletedSecret(name, quick)).pollUntilDone()
    })
    expect((await vault.officer.getSecret(name)).value).toBe('one')
  })

  test('a purge frees the name and forgets the versions', async () => {
    const name = vault.freshName()
    const { properties } = await vault.officer.setSecret(name, 'one')
    await (await vault.officer.beginDeleteSecret(name, quick)).pollUntilDone()
    await vault.officer.purgeDeletedSecret(name)
    await vault.officer.setSecret(name, 'two')
    const old = vault.officer.getSecret(name, { version: properties.version ?? '' })
    expect(await refusalOf(old)).toEqual([404, 'SecretNotFound', undefined])
  })
})

describe('the journal', () => {
  test.each([
    { worksFrom: 0, worked: true },
    { worksFrom: Number.MAX_SAFE_INTEGER, worked: false },
  ])('a published key is noted by its fingerprint, and whether it worked: $worked', async ({ worksFrom, worked }) => {
    const account = vault.azure.account('speech-a')
    account.keys.key2 = { ...account.keys.key2, worksFrom }
    const { value } = account.keys.key2
    const name = vault.freshName()
    await vault.officer.setSecret(name, value)
    expect(vault.azure.world.journal.at(-1)).toMatchObject({
      route: 'keyVault.setSecret',
      event: 'published',
      secret: name,
      account: 'speech-a',
      slot: 'key2',
      fingerprint: fingerprint(value),
      worked,
    })
    expect(JSON.stringify(vault.azure.world.journal)).not.toContain(value)
  })
})
