// What was registered, seen as the host sees it: one trigger each, and what this host can do with it.

import type { RegisteredFunction } from './core.ts'
import type { Binding } from './core-types.ts'
import { StartError } from './errors.ts'
import type { Env } from './settings.ts'

export interface HostFunction extends RegisteredFunction {
  readonly name: string
  readonly trigger: Binding
  /** The name under which the library expects the trigger's data. */
  readonly triggerName: string
  readonly kind: 'http' | 'timer' | 'queue' | 'warmup' | 'other'
  /** `AzureWebJobs.NAME.Disabled` is set: listed, but neither listened for nor served. */
  readonly disabled: boolean
}

/** @throws {StartError} When a function has no trigger, or more than one. */
export function describeFunction(registered: RegisteredFunction, env: Env): HostFunction {
  const { name, bindings } = registered.metadata
  const [found, ...more] = Object.entries(bindings).filter(([, binding]) => /trigger$/i.test(binding.type))
  if (!found || more.length > 0) throw new StartError(`the function ${name} must have exactly one trigger`)
  const [triggerName, trigger] = found
  const disabled = /^(true|1)$/i.test(
    env[`AzureWebJobs.${name}.Disabled`] ?? env[`AzureWebJobs__${name}__Disabled`] ?? '',
  )
  return { ...registered, name, trigger, triggerName, kind: kindOf(trigger.type), disabled }
}

/** @returns What of this function the host leaves undone; each a sentence for the log. */
export function unsupportedParts({ kind, trigger, metadata }: HostFunction): readonly string[] {
  const said: string[] = []
  if (kind === 'other') {
    said.push(`nothing listens for its ${trigger.type} here: run it with POST /admin/functions/${metadata.name}`)
  }
  if (metadata.retryOptions) said.push('its retry policy is not carried out here')
  for (const binding of Object.values(metadata.bindings)) {
    if (binding === trigger || binding.type.toLowerCase() === 'http') continue
    said.push(`its ${binding.type} ${binding.direction === 'in' ? 'input' : 'output'} is not carried out here`)
  }
  return said
}

/** @returns A text option of a trigger, or `undefined` when it is absent or no text. */
export function textOption(binding: Binding, option: string): string | undefined {
  const value = binding[option]
  return typeof value === 'string' ? value : undefined
}

function kindOf(triggerType: string): HostFunction['kind'] {
  switch (triggerType.toLowerCase()) {
    case 'httptrigger':
      return 'http'
    case 'timertrigger':
      return 'timer'
    case 'queuetrigger':
      return 'queue'
    // The platform calls it when it adds an instance. Here none is added, so there is nothing to listen for.
    case 'warmuptrigger':
      return 'warmup'
    default:
      return 'other'
  }
}
