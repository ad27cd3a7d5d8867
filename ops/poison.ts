// `npm run poison -- list|retry`: the messages that the Functions host parked. Exit code 0: done, 1: a fault, 2: usage.

import { DefaultAzureCredential } from '@azure/identity'
import { asksForHelp, expectListener, NothingAnswers } from '../local/command.ts'
import { type Run, readRun } from '../local/run-file.ts'
import type { StorageConnection } from '../src/azure/storage.ts'
import { AppError } from '../src/common/errors.ts'
import { parseStorage } from '../src/platform-settings.ts'
import { type Command, parseCommand, USAGE, UsageError } from './arguments.ts'
import { MOST, type Parked, parkedMessages } from './parked.ts'
import { age, inWords, many, notOurs, type QueueName } from './words.ts'

const say = (line: string) => console.log(line)

/** The app's own settings say where its storage is; without any, it is that of a running `npm start`. */
async function findStorage(environment: NodeJS.ProcessEnv): Promise<StorageConnection> {
  const told = Object.keys(environment).some((name) => name.startsWith('AzureWebJobsStorage'))
  const run = told ? undefined : await runHere()
  if (run) {
    await expectListener(run.queueUrl, 'the storage')
    return parseStorage({ AzureWebJobsStorage: 'UseDevelopmentStorage=true' })
  }
  try {
    return parseStorage(environment)
  } catch (error) {
    const why = error instanceof AppError ? error.message : 'the settings of the storage do not fit'
    throw new UsageError(told ? why : `${why}, or a running \`npm start\``)
  }
}

const runHere = (): Promise<Run | undefined> => readRun().catch(() => undefined)

type Queues = Readonly<Record<QueueName, ReturnType<typeof parkedMessages>>>

async function list(queues: Queues, names: readonly QueueName[], now: Date): Promise<number> {
  for (const name of names) {
    const { messages, total } = await queues[name].peek()
    const shown = total > MOST ? `, the first ${messages.length} of them` : ''
    say(`${name}: ${many(total, 'parked message')}${shown}`)
    for (const { id, text, parkedAt, dequeueCount } of messages) {
      const what = inWords(name, text) ?? notOurs(text)
      say(`  ${id}  parked ${age(parkedAt, now)} ago, taken ${many(dequeueCount, 'time')} since: ${what}`)
    }
  }
  return 0
}

async function retry(queues: Queues, { queues: names, ids }: Extract<Command, { kind: 'retry' }>): Promise<number> {
  const [retried, left] = [new Set<string>(), new Set<string>()]
  for (const name of names) {
    const isWanted = ({ id, text }: Parked) => {
      // By itself, what the app does not take would only be parked again.
      const wanted = ids === 'all' ? inWords(name, text) !== undefined : ids.includes(id)
      if (!wanted) left.add(id)
      return wanted
    }
    await queues[name].retry(isWanted, ({ id, text }) => {
      retried.add(id)
      say(`${id}  is on the queue of ${name} again: ${inWords(name, text) ?? notOurs(text)}`)
    })
  }
  say(`${many(retried.size, 'message')} put back, ${left.size} left`)
  const missing = ids === 'all' ? [] : ids.filter((id) => !retried.has(id))
  for (const id of missing) console.error(`no message ${id} is parked`)
  return missing.length === 0 ? 0 : 1
}

function open(storage: StorageConnection): Queues {
  try {
    const credential = new DefaultAzureCredential()
    const of = (name: QueueName) => parkedMessages(storage, credential, name)
    return { checks: of('checks'), requests: of('requests'), 'near-expiry': of('near-expiry') }
  } catch {
    throw new UsageError('a setting of the storage or of the credential does not fit')
  }
}

async function main(): Promise<number> {
  const args = process.argv.slice(2)
  if (asksForHelp(args)) {
    say(USAGE)
    return 0
  }
  const command = parseCommand(args)
  const queues = open(await findStorage(process.env))
  return command.kind === 'list' ? list(queues, command.queues, new Date()) : retry(queues, command)
}

try {
  process.exitCode = await main()
} catch (error) {
  const usage = error instanceof UsageError
  const ours = usage || error instanceof AppError || error instanceof NothingAnswers
  // Anything else may hold what an upstream said.
  console.error(ours ? error.message : 'something went wrong that is not known')
  if (usage) console.error(USAGE)
  process.exitCode = usage ? 2 : 1
}
