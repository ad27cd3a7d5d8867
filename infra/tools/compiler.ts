// Where a Bicep compiler is, if there is one: KEYSTILE_BICEP, the PATH, or NuGet's package in .local/bicep.

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Compiler {
  readonly path: string
  readonly version: string
}

const run = (command: string, args: readonly string[]) => {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 180_000,
    maxBuffer: 1 << 26,
  })
  return { ok: status === 0 && !error, stdout: stdout ?? '', stderr: stderr ?? '' }
}

const tried = (path: string | undefined): Compiler | undefined => {
  if (!path) return undefined
  const { ok, stdout } = run(path, ['--version'])
  return ok ? { path, version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown' } : undefined
}

/** @param log told why NuGet had none. */
export function findCompiler(root: string, log: (line: string) => void): Compiler | undefined {
  const given = process.env.KEYSTILE_BICEP
  if (given) {
    const compiler = tried(given)
    if (!compiler) throw new Error(`KEYSTILE_BICEP: ${given} is no Bicep compiler`)
    return compiler
  }
  return tried('bicep') ?? fromNuget(root, log)
}

function fromNuget(root: string, log: (line: string) => void): Compiler | undefined {
  const project = join(root, 'infra/tools/bicep.csproj')
  const [, id = '', version = ''] = /Include="([^"]+)" Version="\[([^\]]+)\]"/.exec(readFileSync(project, 'utf8')) ?? []
  const packages = join(root, '.local/bicep/packages')
  const path = join(packages, id.toLowerCase(), version, 'tools/bicep')
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  if (!existsSync(path)) {
    const output = join(root, '.local/bicep/obj/')
    const { ok, stdout, stderr } = run('dotnet', [
      'restore',
      project,
      '--packages',
      packages,
      `-p:BaseIntermediateOutputPath=${output}`,
    ])
    if (!ok) log(`NuGet: ${/error [^\n]+/.exec(stdout + stderr)?.[0] ?? 'dotnet is not here'}`)
    if (!existsSync(path)) return undefined
    chmodSync(path, 0o755)
  }
  return tried(path)
}

/** What the compiler says, line by line; `template` is there when it compiled. */
export function compile({ path }: Compiler, file: string): { template: unknown; said: string[] } {
  const { ok, stdout, stderr } = run(path, ['build', file, '--stdout'])
  const said = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return { template: ok ? JSON.parse(stdout) : undefined, said: ok || said.length > 0 ? said : ['it did not compile'] }
}
