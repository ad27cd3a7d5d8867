// The API registration is made by Bicep or by a script: both make the same.

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { deploy } from '../../infra/tools/bicep-deploy.ts'
import { at } from '../../infra/tools/policies.ts'
import { broken, root } from '../support/broken.ts'

const SCRIPT = 'infra/entra/create-app.sh'
const TEMPLATE = 'infra/entra/main.bicep'
const onDisk = (path: string) => readFileSync(path, 'utf8')

interface Registration {
  readonly appRoles: unknown
  readonly api: unknown
  readonly assignmentRequired: unknown
}

function byBicep(accounts: string[], read = onDisk): Registration {
  const { resources } = deploy(join(root, TEMPLATE), { accountNames: accounts }, read, 'none')
  const [app, principal] = ['applications', 'servicePrincipals'].map(
    (kind) => resources.find(({ type }) => type === `Microsoft.Graph/${kind}`)?.body,
  )
  return {
    appRoles: at(app, 'appRoles'),
    api: at(app, 'api'),
    assignmentRequired: at(principal, 'appRoleAssignmentRequired'),
  }
}

/** An `az` of an empty tenant, or of one with these roles: what it is asked to patch goes to a file. */
const AZ = `#!/bin/sh
case "$*" in
  'account show'*) echo tenant-1 ;;
  'ad app create'*) echo app-1 ;;
  'ad app show'*) echo object-1 ;;
  'ad sp create'*) echo principal-1 ;;
  'rest --method get'*) echo "$THERE" ;;
  'rest --method patch'*) printf '%s %s\\n' "$5" "$7" >> "$ASKED" ;;
esac
`

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keystile-entra-'))
  writeFileSync(join(folder, 'az'), AZ)
  chmodSync(join(folder, 'az'), 0o755)
})
afterEach(() => rmSync(folder, { recursive: true }))

function byScript(accounts: string[], there: unknown[] = [], read = onDisk): Registration {
  const asked = join(folder, 'asked')
  if (existsSync(asked)) rmSync(asked)
  writeFileSync(join(folder, 'app-roles.json'), read(join(root, 'infra/entra/app-roles.json')))
  writeFileSync(join(folder, 'create-app.sh'), read(join(root, SCRIPT)))
  const env = {
    PATH: [folder, dirname(process.execPath), process.env.PATH].join(':'),
    ASKED: asked,
    THERE: JSON.stringify({ appRoles: there }),
  }
  const { status, stderr } = spawnSync('bash', [join(folder, 'create-app.sh'), 'keystile', ...accounts], { env })
  expect([status, String(stderr)]).toEqual([0, ''])
  const bodies = onDisk(asked)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line.slice(line.indexOf(' '))))
  const { appRoles, api, appRoleAssignmentRequired } = Object.assign({}, ...bodies)
  return { appRoles, api, assignmentRequired: appRoleAssignmentRequired }
}

const ACCOUNTS = ['speech-west', 'Vision']

test('Bicep and script make the same roles, with the same ids', () => {
  const made = byBicep(ACCOUNTS)
  expect(byScript(ACCOUNTS)).toEqual(made)
  expect(made.appRoles).toEqual(
    [
      'Token.Issue',
      'Rotation.Read',
      'Rotation.Manage',
      'Rotation.Revoke',
      'Token.Issue.speech-west',
      'Token.Issue.vision',
    ].map((value) => expect.objectContaining({ value, isEnabled: true, allowedMemberTypes: ['Application', 'User'] })),
  )
})

test.each([
  ['Bicep', byBicep],
  ['the script', byScript],
])('%s asks for tokens of version 2, the scope access_as_user and required assignment', (_by, make) => {
  const { api, assignmentRequired } = make([])
  expect(at(api, 'requestedAccessTokenVersion')).toBe(2)
  expect(at(api, 'oauth2PermissionScopes')).toEqual([
    expect.objectContaining({ value: 'access_as_user', isEnabled: true, type: 'Admin' }),
  ])
  expect(assignmentRequired).toBe(true)
})

test('the script keeps roles that are there, with their ids', () => {
  const first = byScript(['speech-west'])
  expect(byScript(['speech-west'], first.appRoles as unknown[])).toEqual(first)
  const older = { value: 'Token.Issue.speech-west', id: '99999999-9999-4999-8999-999999999999' }
  expect(byScript(['speech-west'], [older]).appRoles).toContainEqual(older)
})

test.each([
  ['tokens of another version', SCRIPT, 'requestedAccessTokenVersion: 2', 'requestedAccessTokenVersion: 1'],
  ['an assignment that is not required', SCRIPT, 'appRoleAssignmentRequired":true', 'appRoleAssignmentRequired":false'],
  ['an id of another namespace', SCRIPT, '11fb06fb', '11fb06fa'],
  ['a scope that is off', TEMPLATE, 'isEnabled: true\n        type', 'isEnabled: false\n        type'],
  ['roles that applications cannot have', TEMPLATE, "['Application', 'User']", "['User']"],
])('%s, in one of the two, shows', (_what, path, from, to) => {
  const read = broken(path, from, to)
  expect(byScript(ACCOUNTS, [], read)).not.toEqual(byBicep(ACCOUNTS, read))
})
