// Where a template is deployed, and the functions that name places.

import { Ref, toText, type Value } from './bicep-functions.ts'
import { type Seen, Symbolic } from './bicep-symbols.ts'

export interface Place {
  readonly subscription: string
  readonly group: string | undefined
}

export const idOf = ({ subscription, group }: Place): string =>
  `/subscriptions/${subscription}${group ? `/resourceGroups/${group}` : ''}`

/** What subscription(), resourceGroup(), resourceId() and subscriptionResourceId() answer at a place. */
export function placed(name: string, args: Value[], place: Place): Seen {
  if (name === 'subscription') {
    const subscription = args[0] === undefined ? place.subscription : toText(args[0])
    const known = { id: `/subscriptions/${subscription}`, subscriptionId: subscription, tenantId: new Ref('tenant') }
    return new Symbolic(known, name)
  }
  if (name === 'resourceGroup') {
    const [first, second] = args
    const group = second ?? first ?? place.group
    if (group === undefined) throw new TypeError('there is no resource group here')
    const there = { subscription: second === undefined ? place.subscription : toText(first), group: toText(group) }
    return new Symbolic({ id: idOf(there), name: there.group, location: 'westeurope' }, name)
  }
  const parts = args.map(toText)
  const start = parts.findIndex((part) => part.includes('/'))
  const [provider, ...types] = (parts[start] ?? '').split('/')
  const inGroup = name === 'resourceId'
  const group = inGroup ? (start > 0 ? parts[start - 1] : place.group) : undefined
  const subscription = start > (inGroup ? 1 : 0) ? (parts[0] ?? '') : place.subscription
  const path = types.map((one, at) => `${one}/${parts[start + 1 + at]}`).join('/')
  return `${idOf({ subscription, group })}/providers/${provider}/${path}`
}
