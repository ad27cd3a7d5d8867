// What rotation and vending both say about an account: its id, its slots, its place on the network.

export type Slot = 'key1' | 'key2'

export const slots: readonly Slot[] = ['key1', 'key2']

export const otherSlot = (slot: Slot): Slot => (slot === 'key1' ? 'key2' : 'key1')

/** An ARM id of a Cognitive Services account, taken apart. `id` keeps the case in which it was given. */
export interface AccountId {
  readonly id: string
  readonly subscription: string
  readonly resourceGroup: string
  readonly name: string
}

const ID =
  /^\/subscriptions\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/resourceGroups\/([^/?#\s]{1,90})\/providers\/Microsoft\.CognitiveServices\/accounts\/([a-z0-9][a-z0-9_.-]{1,63})$/i

/** `undefined` when the text is not the ARM id of a `Microsoft.CognitiveServices/accounts` resource (contract A1). */
export function parseAccountId(text: string): AccountId | undefined {
  const [, subscription, resourceGroup, name] = ID.exec(text) ?? []
  if (!subscription || !resourceGroup || !name) return undefined
  return { id: text, subscription, resourceGroup, name }
}

/** ARM ids differ in case from one answer to the next, and still name the same account. */
export const sameId = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** `West US 2` and `westus2` are one region; ARM echoes whatever was given at creation (contract A2). */
export const normaliseRegion = (location: string): string => location.replaceAll(/\s/g, '').toLowerCase()

const SECRET_NAME = /^[0-9a-z-]{1,127}$/

/** The form in which callers name an account: lower-cased, or `undefined` when it cannot be the name of a secret. */
export function parseAccountName(text: string): string | undefined {
  const name = text.toLowerCase()
  return SECRET_NAME.test(name) ? name : undefined
}

const WITH_TOKEN_SERVICE = new Set(['speechservices', 'cognitiveservices', 'aiservices', 'texttranslation'])

/** Kinds whose keys are exchanged for tokens (contract C7): for these, a refusal is never "no such service". */
export const hasTokenService = (kind: string): boolean => WITH_TOKEN_SERVICE.has(kind.toLowerCase())
