// Finds the route of a call: first the hosts that a route serves, then method and path, without regard to case.

import findMyWay, { type HTTPMethod } from 'find-my-way'
import type { Route } from './wire.ts'

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** @throws Error when two routes of the same hosts have the same method and path. */
export function createDispatch(routes: readonly Route[]) {
  const groups = new Map<string, { hosts: RegExp; routes: Map<unknown, Route>; router: ReturnType<typeof findMyWay> }>()
  for (const route of routes) {
    const group = groups.get(route.hosts.source) ?? {
      hosts: route.hosts,
      routes: new Map<unknown, Route>(),
      // Secret names reach 127 characters, and a test may send longer ones to see them refused by the service.
      router: findMyWay({ caseSensitive: false, ignoreTrailingSlash: true, maxParamLength: 2000 }),
    }
    const marker = () => undefined
    group.routes.set(marker, route)
    group.router.on(route.method, route.path, marker)
    groups.set(route.hosts.source, group)
  }

  return (method: string, host: string, path: string): Match | undefined => {
    for (const group of groups.values()) {
      if (!group.hosts.test(host) || !isMethod(method)) continue
      const found = group.router.find(method, path)
      const route = group.routes.get(found?.handler)
      if (found && route) return { route, params: textOnly(found.params) }
    }
    return undefined
  }
}

const isMethod = (method: string): method is HTTPMethod =>
  ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].includes(method)

const textOnly = (params: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
