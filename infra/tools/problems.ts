// Everything that can be said of infra/ without a compiler. Files are read through `read`, so that a test may break one.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { deploy } from './bicep-deploy.ts'
import { parseBicep } from './bicep-parse.ts'
import { at, listsKeys, type Plan, policies } from './policies.ts'
import { scenarios } from './scenarios.ts'
import { unused } from './unused.ts'

type Read = (path: string) => string
const readDisk: Read = (path) => readFileSync(path, 'utf8')

export const templatesIn = (root: string): string[] =>
  globSync('infra/**/*.bicep', { cwd: root })
    .sort()
    .map((path) => join(root, path))

/** What a deployment of main.bicep would ask for. */
export function planFor(root: string, parameters: (typeof scenarios)[string], read: Read = readDisk): Plan {
  const { resources, outputNames } = deploy(join(root, 'infra/main.bicep'), parameters, read)
  return { resources, outputs: outputNames }
}

export function problemsOf(root: string, read: Read = readDisk): string[] {
  return [...problemsOfTemplates(root, read), ...problemsOfYaml(root, read)]
}

/** One line each. A file that does not parse, or that does not fit with the others, is one. */
export function problemsOfTemplates(root: string, read: Read = readDisk, among = scenarios): string[] {
  const files = templatesIn(root).flatMap((path) => {
    const text = read(path)
    const keys = listsKeys(text) ? [`${path}: asks for keys`] : []
    return [...keys, ...attempt(() => unused(parseBicep(path, text)).map((name) => `${path}: ${name} is not used`))]
  })
  const plans = Object.entries(among).flatMap(([scenario, parameters]) =>
    attempt(() => {
      const plan = planFor(root, parameters, read)
      return Object.entries(policies)
        .filter(([name]) => name !== 'knownRoles' || parameters.createCustomRoles !== false)
        .flatMap(([name, policy]) => policy(plan).map((problem) => `${name}: ${problem} (${scenario})`))
    }, scenario),
  )
  const entra = attempt(() => {
    deploy(join(root, 'infra/entra/main.bicep'), { accountNames: ['speech'] }, read, 'none')
    return []
  })
  return [...files, ...plans, ...entra]
}

function attempt(find: () => string[], where = ''): string[] {
  try {
    return find()
  } catch (error) {
    return [`${error instanceof Error ? error.message : error}${where && ` (${where})`}`]
  }
}

/** azure.yaml and the workflows, each against a schema narrower than its owner's. */
export function problemsOfYaml(root: string, read: Read = readDisk): string[] {
  const workflows = globSync('.github/workflows/*.yml', { cwd: root }).sort()
  return [
    ...againstSchema(root, 'azure.yaml', 'azure-yaml', read),
    ...workflows.flatMap((path) => [
      ...againstSchema(root, path, 'workflow', read),
      ...workflowRules(path, read(join(root, path))),
    ]),
  ]
}

function againstSchema(root: string, path: string, schema: string, read: Read): string[] {
  return attempt(() => {
    const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })
    const validate = ajv.compile(JSON.parse(read(join(root, `infra/tools/${schema}.schema.json`))))
    validate(parse(read(join(root, path))))
    return (validate.errors ?? []).map(({ instancePath, message }) => `${path}: ${instancePath} ${message}`)
  })
}

interface Workflow {
  readonly jobs?: Record<
    string,
    {
      readonly needs?: string
      readonly steps?: readonly { readonly run?: string; readonly uses?: string; readonly with?: object }[]
    }
  >
}

/** What a schema cannot say. */
function workflowRules(path: string, text: string): string[] {
  const workflow: Workflow = parse(text)
  const steps = Object.values(workflow.jobs ?? {}).flatMap(({ steps = [] }) => steps)
  const deployments = Object.values(workflow.jobs ?? {}).flatMap(({ needs, steps = [] }) =>
    steps.flatMap(({ run = '' }) => [...run.matchAll(/azd deploy.*/g)].map(([command]) => ({ needs, command }))),
  )
  const unsaid = [...text.matchAll(/uses: (\S+)(.*)/g)].filter(([, , rest = '']) => !/ # v\d/.test(rest))
  const keeps = steps.filter(
    ({ uses = '', with: given }) => uses.startsWith('actions/checkout@') && at(given, 'persist-credentials') !== false,
  )
  return [
    ...unsaid.map(([, action]) => `${path}: ${action} does not say its version`),
    ...keeps.map(() => `${path}: a checkout keeps its token`),
    ...deployments
      .filter(({ needs }) => needs !== 'check')
      .map(({ command }) => `${path}: ${command} without the tests before it`),
    // Without a package, azd builds for all services at once, into one folder.
    ...deployments
      .filter(({ command }) => !/^azd deploy (vend|rotator) --from-package /.test(command))
      .map(({ command }) => `${path}: ${command} without a package`),
    // Text of somebody else in a command is a command of somebody else.
    ...steps
      .filter(({ run = '' }) => run.includes('$' + '{{'))
      .map(() => `${path}: an expression in a command; pass it by env`),
    // Without this, the shell of a workflow forgets that what comes before a pipe failed.
    ...steps
      .filter(({ run = '' }) => / \| /.test(run) && !run.includes('pipefail'))
      .map(() => `${path}: a pipe without pipefail`),
    ...(/secrets\./.test(text) ? [`${path}: a secret; sign in with OIDC`] : []),
  ]
}
