// The words after `npm run smoke --`.

import { parseArgs } from 'node:util'
import { parseAccountName } from '../src/common/account.ts'
import { UsageError } from './arguments.ts'

export const SMOKE_USAGE = `usage: npm run smoke -- --url https://<vendor> --account <name>
                     --audience <App ID URI or client id of the API> [--client-without-role <client id>]
       npm run smoke -- --account <name>                    (of a running \`npm start\`)`

export interface SmokeCommand {
  /** Absent: that of a running `npm start`. No slash at its end. */
  readonly url: string | undefined
  readonly account: string
  readonly audience: string | undefined
  /** Of an application that has no role at the API. */
  readonly clientWithoutRole: string | undefined
}

/** @throws UsageError with what does not fit. */
export function parseSmokeCommand(args: readonly string[]): SmokeCommand {
  const { url, account, audience, 'client-without-role': clientWithoutRole } = parse(args)
  if (account === undefined) throw new UsageError('--account is required')
  const name = parseAccountName(account)
  if (name === undefined) throw new UsageError('--account is no name of an account')
  return { url: url === undefined ? undefined : parseUrl(url), account: name, audience, clientWithoutRole }
}

/** A bearer is sent there: over https, or to this machine. */
function parseUrl(text: string): string {
  const url = URL.parse(text)
  const here = url?.hostname === '127.0.0.1' || url?.hostname === 'localhost'
  if (url === null || !(url.protocol === 'https:' || (here && url.protocol === 'http:')))
    throw new UsageError('--url is not an https address')
  if (`${url.pathname}${url.search}${url.username}` !== '/')
    throw new UsageError('--url is more than the address of an app: leave away what comes after its host')
  return url.origin
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    const options = { url: text, account: text, audience: text, 'client-without-role': text }
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'an option does not fit')
  }
}
