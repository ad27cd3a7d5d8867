// The JSON of a secret, as each operation answers it (contract B1).

import type { SecretVersion, StoredSecret, Vault } from '../world.ts'

const recoverableDays = 90

export const secretUrl = (vault: Vault, secret: StoredSecret): string => `${vault.url}/secrets/${secret.name}`

function common(version: SecretVersion) {
  return {
    ...(version.contentType === undefined ? {} : { contentType: version.contentType }),
    attributes: {
      enabled: version.enabled,
      ...(version.notBefore === undefined ? {} : { nbf: version.notBefore }),
      ...(version.expires === undefined ? {} : { exp: version.expires }),
      created: version.created,
      updated: version.updated,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays,
    },
    ...(Object.keys(version.tags).length === 0 ? {} : { tags: version.tags }),
  }
}

/** What an update, a recover and a list of versions answer: everything but the value. */
export const propertiesBody = (vault: Vault, secret: StoredSecret, version: SecretVersion) => ({
  id: `${secretUrl(vault, secret)}/${version.version}`,
  ...common(version),
})

/** What set and get answer. */
export const secretBody = (vault: Vault, secret: StoredSecret, version: SecretVersion) => ({
  value: version.value,
  ...propertiesBody(vault, secret, version),
})

/** A line of the list of secrets: the newest version's properties under an id without version. */
export const itemBody = (vault: Vault, secret: StoredSecret, newest: SecretVersion) => ({
  id: secretUrl(vault, secret),
  ...common(newest),
})

function deletion(vault: Vault, secret: StoredSecret) {
  const deletedDate = Math.floor((secret.deleted?.at ?? 0) / 1000)
  return {
    recoveryId: `${vault.url}/deletedsecrets/${secret.name}`,
    deletedDate,
    scheduledPurgeDate: deletedDate + recoverableDays * 86_400,
  }
}

/** What delete and get deleted answer. */
export const deletedBody = (vault: Vault, secret: StoredSecret, newest: SecretVersion) => ({
  ...deletion(vault, secret),
  ...propertiesBody(vault, secret, newest),
})

/** A line of the list of deleted secrets. */
export const deletedItemBody = (vault: Vault, secret: StoredSecret, newest: SecretVersion) => ({
  ...deletion(vault, secret),
  ...itemBody(vault, secret, newest),
})
