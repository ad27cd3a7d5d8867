// The tree of what one program does: each node is one await of one run.

import type { Answer, Call, Ending, Surroundings } from './calls.ts'
import type { Run } from './execution.ts'

/** One await of one run, or its end. Whoever stands here has had the same answers. */
export interface Node {
  readonly id: number
  readonly now: number
  readonly parent: Node | undefined
  readonly given: (Answer & Surroundings) | undefined
  readonly call: Call | undefined
  readonly end: Ending | undefined
  /** The promise that this very call breaks, judged by what its run has seen. */
  readonly breaks: string | undefined
  /** By answer, and then by what the run looked at before its next await. */
  readonly children: Map<string, Branch[]>
  /** The suspended run itself, until somebody answers it. */
  run: Run | undefined
}

/** Where an answer leads to in given surroundings; what was not looked at is absent. */
export interface Branch {
  readonly given: Answer & Surroundings
  readonly looked: Partial<Surroundings>
  readonly child: Node
}

/** From the root to the node itself. */
export function pathTo(node: Node): readonly Node[] {
  const path: Node[] = []
  for (let at: Node | undefined = node; at; at = at.parent) path.unshift(at)
  return path
}

/** Equal answers have equal labels. */
export function labelOf(answer: Answer): string {
  switch (answer.kind) {
    case 'held':
      return `${answer.clean}`
    case 'versions':
      return answer.versions.join('.')
    case 'keys':
      return `${answer.keys.key1}.${answer.keys.key2}`
    case 'verdict':
      return `${answer.accepted}`
    default:
      return answer.kind
  }
}
