// azure.yaml and the workflows: what they must hold, each rule with a file that breaks it.

import { problemsOfYaml } from '../../infra/tools/problems.ts'
import { broken, root } from '../support/broken.ts'

test('azure.yaml and the workflows hold all of it', () => {
  expect(problemsOfYaml(root)).toEqual([])
})

const expression = ['$', '{{ github.head_ref }}'].join('')
const deployYml = '.github/workflows/deploy.yml'

test.each([
  [
    'an action by its tag',
    deployYml,
    'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8',
    'actions/checkout@v5',
    /pattern/,
  ],
  ['an action that does not say its version', deployYml, ' # v3.0.0', '', /does not say its version/],
  ['no permissions', '.github/workflows/ci.yml', 'permissions:\n  contents: read\n\n', '', /permissions/],
  [
    'more permissions',
    '.github/workflows/ci.yml',
    'permissions:\n  contents: read\n\n',
    'permissions: write-all\n\n',
    /permissions/,
  ],
  ['a job that writes issues', deployYml, 'id-token: write', 'issues: write', /additional properties/],
  ['a checkout that keeps its token', deployYml, 'persist-credentials: false', 'fetch-depth: 0', /keeps its token/],
  ['an expression in a command', deployYml, 'run: npm ci', `run: echo ${expression}`, /expression in a command/],
  [
    'an expression in a command of many lines',
    deployYml,
    'azd auth login',
    `azd auth login ${expression}`,
    /expression in a command/,
  ],
  ['a pipe that hides a failure', deployYml, '          set -o pipefail\n', '', /pipefail/],
  ['a deployment before the tests', deployYml, '    needs: check\n', '', /without the tests before it/],
  ['a deployment that builds', deployYml, ' --from-package .local/keystile.zip', '', /without a package/],
  ['a secret', deployYml, 'vars.AZURE_CLIENT_ID', 'secrets.AZURE_CLIENT_ID', /sign in with OIDC/],
  ['a service of another host', 'azure.yaml', 'host: function', 'host: appservice', /constant/],
  ['a key that nobody knows', 'azure.yaml', 'remoteBuild: false', 'remotebuild: false', /remoteBuild|additional/],
  ['no least version of azd', 'azure.yaml', 'azd: ">= 1.31.0"', 'azd: latest', /pattern/],
])('%s is refused', (_what, path, from, to, problem) => {
  expect(problemsOfYaml(root, broken(path, from, to)).join('\n')).toMatch(problem)
})
