// What a caller may have. Decided from the token alone, before anything is asked upstream.

import type { Caller } from './caller.ts'

export type RotationRole = 'Rotation.Read' | 'Rotation.Manage' | 'Rotation.Revoke'

/** May this caller know which accounts exist? Only then is an unknown name told apart from one that is not granted. */
const mayIssueAll = ({ roles }: Caller): boolean => roles.includes('Token.Issue')

/** @param account the account's name, lower-cased, or `undefined` when the text is no name at all. */
export const mayIssue = (caller: Caller, account: string | undefined): boolean =>
  mayIssueAll(caller) ||
  (account !== undefined && caller.roles.some((role) => role.toLowerCase() === `token.issue.${account}`))

export const mayRotate = ({ roles }: Caller, role: RotationRole): boolean => roles.includes(role)
