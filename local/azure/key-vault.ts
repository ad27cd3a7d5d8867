// Key Vault secrets: the operations of contract B1. A call is let in, checked, then answered.

import { randomUUID } from 'node:crypto'
import { cloudOf, hostPattern } from './clouds.ts'
import { authorise, type Right, vaultOf } from './key-vault/access.ts'
import { dress, secretDisabled } from './key-vault/answers.ts'
import { deletedBody, deletedItemBody, itemBody, propertiesBody, secretBody } from './key-vault/bodies.ts'
import { checkName, parseNewSecret, parseProperties, requireApiVersion } from './key-vault/input.ts'
import { publication } from './key-vault/journal.ts'
import { type Line, pageOf } from './key-vault/pages.ts'
import {
  addVersion,
  changeVersion,
  deletedAndAtRest,
  deletedAndVisible,
  existing,
  lookUp,
  presenceOf,
  readable,
  versionOf,
} from './key-vault/secrets.ts'
import type { ServiceDeps } from './service.ts'
import { type Answer, type Call, Refusal, type Route } from './wire.ts'
import type { SecretVersion, StoredSecret, Vault, World } from './world.ts'

/** A call that was let in. `name` is empty for lists of the whole vault. */
interface Visit {
  readonly world: World
  readonly vault: Vault
  readonly call: Call
  readonly name: string
  /** The version asked for; `undefined` means the newest. */
  readonly version: string | undefined
}

interface Operation {
  readonly name: string
  readonly method: Route['method']
  readonly path: string
  readonly right: Right
  readonly run: (visit: Visit) => Answer
}

const operations: readonly Operation[] = [
  { name: 'setSecret', method: 'PUT', path: '/secrets/:name', right: 'setSecret', run: set },
  { name: 'getSecret', method: 'GET', path: '/secrets/:name', right: 'getSecret', run: get },
  { name: 'getSecret', method: 'GET', path: '/secrets/:name/:version', right: 'getSecret', run: get },
  { name: 'updateSecret', method: 'PATCH', path: '/secrets/:name', right: 'update', run: update },
  { name: 'updateSecret', method: 'PATCH', path: '/secrets/:name/:version', right: 'update', run: update },
  { name: 'listSecrets', method: 'GET', path: '/secrets', right: 'readMetadata', run: list },
  { name: 'listVersions', method: 'GET', path: '/secrets/:name/versions', right: 'readMetadata', run: listVersions },
  { name: 'deleteSecret', method: 'DELETE', path: '/secrets/:name', right: 'delete', run: startDelete },
  { name: 'getDeleted', method: 'GET', path: '/deletedsecrets/:name', right: 'readMetadata', run: getDeleted },
  { name: 'listDeleted', method: 'GET', path: '/deletedsecrets', right: 'readMetadata', run: listDeleted },
  { name: 'recoverSecret', method: 'POST', path: '/deletedsecrets/:name/recover', right: 'recover', run: recover },
  { name: 'purgeSecret', method: 'DELETE', path: '/deletedsecrets/:name', right: 'purge', run: purge },
]

export const keyVaultRoutes = (deps: ServiceDeps): Route[] =>
  operations.map(({ name, method, path, right, run }) => ({
    name: `keyVault.${name}`,
    method,
    hosts: hostPattern(`*.${cloudOf(deps.world.seed).keyVault}`),
    path,
    handle: async (call) => {
      const vault = vaultOf(deps.world, call)
      try {
        return dress(await enter(deps, vault, call, right, run), call, vault)
      } catch (error) {
        if (error instanceof Refusal) throw new Refusal(dress(error.answer, call, vault))
        throw error
      }
    },
  }))

async function enter(deps: ServiceDeps, vault: Vault, call: Call, right: Right, run: Operation['run']) {
  const { name, version } = call.params
  await authorise(deps, call, vault, right, name)
  requireApiVersion(call)
  if (name !== undefined) checkName(name)
  const answer = run({ world: deps.world, vault, call, name: name ?? '', version: version || undefined })
  const details = { ...(name === undefined ? {} : { secret: name }), ...answer.details }
  return { ...answer, details, headers: { 'x-ms-keyvault-rbac-assignment-id': randomUUID(), ...answer.headers } }
}

const ok = (body: unknown): Answer => ({ status: 200, body })

function set({ world, vault, call, name }: Visit): Answer {
  const body = parseNewSecret(call)
  const [secret, version] = addVersion(vault, name, body, world.now())
  return { ...ok(secretBody(vault, secret, version)), ...publication(world, body.value) }
}

function get({ world, vault, name, version }: Visit): Answer {
  const secret = readable(vault, name, world.now())
  const found = versionOf(secret, name, version)
  if (!found.enabled) throw secretDisabled()
  return ok(secretBody(vault, secret, found))
}

function update({ world, vault, call, name, version }: Visit): Answer {
  const body = parseProperties(call)
  const secret = existing(vault, name, world.now())
  const found = versionOf(secret, name, version)
  changeVersion(found, body, world.now())
  return ok(propertiesBody(vault, secret, found))
}

function list({ world, vault, call }: Visit): Answer {
  const here = [...vault.secrets.values()].filter((secret) => presenceOf(secret, world.now()) === 'here')
  return ok(pageOf(lines(vault, here, itemBody), call, `${vault.url}:443/secrets`, world.switches.emptyPages))
}

/** In the order of the version ids, which are random: clients sort by `created`. An unknown name has no versions. */
function listVersions({ world, vault, call, name }: Visit): Answer {
  const secret = lookUp(vault, name)
  const versions = secret && presenceOf(secret, world.now()) === 'here' ? secret.versions : []
  const found = versions.map(
    (version): Line => ({
      key: version.version,
      body: secret && propertiesBody(vault, secret, version),
    }),
  )
  return ok(pageOf(found, call, `${vault.url}:443/secrets/${name}/versions`, world.switches.emptyPages))
}

function startDelete({ world, vault, name }: Visit): Answer {
  const now = world.now()
  const secret = existing(vault, name, now)
  secret.deleted = { at: now, visibleFrom: now + world.switches.deletionSeconds * 1000 }
  return ok(deletedBody(vault, secret, versionOf(secret, name, undefined)))
}

function getDeleted({ world, vault, name }: Visit): Answer {
  const secret = deletedAndVisible(vault, name, world.now())
  return ok(deletedBody(vault, secret, versionOf(secret, name, undefined)))
}

function listDeleted({ world, vault, call }: Visit): Answer {
  const gone = [...vault.secrets.values()].filter((secret) => presenceOf(secret, world.now()) === 'deleted')
  const url = `${vault.url}:443/deletedsecrets`
  return ok(pageOf(lines(vault, gone, deletedItemBody), call, url, world.switches.emptyPages))
}

function recover({ world, vault, name }: Visit): Answer {
  const now = world.now()
  const secret = deletedAndAtRest(vault, name, now)
  secret.recoveredFrom = now + world.switches.deletionSeconds * 1000
  return ok(propertiesBody(vault, secret, versionOf(secret, name, undefined)))
}

function purge({ world, vault, name }: Visit): Answer {
  deletedAndAtRest(vault, name, world.now())
  vault.secrets.delete(name.toLowerCase())
  return { status: 204 }
}

type ItemBody = (vault: Vault, secret: StoredSecret, newest: SecretVersion) => unknown

const lines = (vault: Vault, secrets: StoredSecret[], body: ItemBody): Line[] =>
  secrets.map((secret) => ({
    key: secret.name.toLowerCase(),
    body: body(vault, secret, versionOf(secret, secret.name, undefined)),
  }))
