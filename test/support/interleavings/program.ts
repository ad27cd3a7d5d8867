// The real executor as a tree: what it does next depends on nothing but the answers it had. Each node is one await
// of one run; it is reached by running the executor once, and remembered.

import type { Request } from '../../../src/rotation/plan.ts'
import type { Answer, Surroundings } from './calls.ts'
import { asItIs, type Make, Run } from './execution.ts'
import { identityOf } from './identity.ts'
import { judgeNode } from './promises.ts'
import { labelOf, type Node, pathTo } from './tree.ts'

/** Two histories of which only the second is followed. */
export interface Alias {
  readonly node: Node
  readonly same: Node
}

const MOST_ALIASES = 150

export interface Program {
  readonly request: Request
  /** The first of those that were taken for one, to be looked at by a test. */
  readonly aliases: readonly Alias[]
  /** A fresh run that stands where the node stands. */
  rerun(node: Node): Promise<Run>
  root(now: number): Promise<Node>
  /** @returns a promise only where the executor has not been here before. */
  step(node: Node, answer: Answer, around: Surroundings): Node | Promise<Node>
}

let nodes = 0

export function program(request: Request, make: Make = asItIs): Program {
  let root: Node | undefined
  const merged = new Map<string, Node>()
  const aliases: Alias[] = []
  const nodeOf = (parent: Node | undefined, given: Node['given'], run: Run): Node => {
    nodes += 1
    const { call, end } = run.state
    const { now } = run.around
    const node: Node = { id: nodes, now, parent, given, call, end, breaks: undefined, children: new Map(), run }
    return { ...node, breaks: judgeNode(request, node) }
  }
  const merge = (node: Node): Node => {
    const identity = identityOf(node)
    if (identity === undefined) return node
    const same = merged.get(identity)
    if (same && aliases.length < MOST_ALIASES) aliases.push({ node, same })
    if (!same) merged.set(identity, node)
    return same ?? node
  }
  const extend = async (node: Node, answer: Answer, around: Surroundings): Promise<Node> => {
    const run = node.run ?? (await replay(node))
    node.run = undefined
    const given = { ...answer, ...around }
    await run.answer(given)
    const child = merge(nodeOf(node, given, run))
    const label = labelOf(answer)
    node.children.set(label, [...(node.children.get(label) ?? []), { given, looked: run.looked, child }])
    return child
  }
  const replay = async (node: Node): Promise<Run> => {
    const path = pathTo(node)
    const run = new Run(request, make)
    await run.start(path[0]?.now ?? node.now)
    for (const { given } of path) if (given) await run.answer(given)
    return run
  }
  return {
    request,
    aliases,
    rerun: replay,
    async root(now) {
      if (root) return root
      const run = new Run(request, make)
      await run.start(now)
      root = nodeOf(undefined, undefined, run)
      return root
    },
    step: (node, answer, around) => known(node, answer, around) ?? extend(node, answer, around),
  }
}

function known(node: Node, answer: Answer, { now, leaseHolds }: Surroundings): Node | undefined {
  const branch = node.children
    .get(labelOf(answer))
    ?.find(({ looked }) => (looked.now ?? now) === now && (looked.leaseHolds ?? leaseHolds) === leaseHolds)
  return branch?.child
}
