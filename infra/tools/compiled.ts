// A compiled template as a plan: its resources and outputs, those of nested deployments among them.

import { at, type Plan, type Planned } from './policies.ts'

interface Template {
  readonly resources?: readonly Resource[] | Readonly<Record<string, Resource>>
  readonly outputs?: Record<string, unknown>
}
interface Resource {
  readonly type: string
  readonly apiVersion: string
  readonly name: string
  readonly existing?: boolean
  readonly properties?: object
}

export function planOf(template: Template, path = 'main'): Plan {
  const named = Object.entries(template.resources ?? {})
  const parts = named.map(([key, resource]): Plan => {
    const inner = at(resource, 'properties', 'template') as Template | undefined
    if (inner) return planOf(inner, `${path} > ${key}`)
    const planned: Planned = {
      type: resource.type,
      version: resource.apiVersion,
      id: `${path} > ${resource.type} ${resource.name}`,
      body: resource,
    }
    return { resources: resource.existing ? [] : [planned], outputs: [] }
  })
  return {
    resources: parts.flatMap(({ resources }) => resources),
    outputs: [
      ...parts.flatMap(({ outputs }) => outputs),
      ...Object.keys(template.outputs ?? {}).map((name) => `${path} ${name}`),
    ],
  }
}
