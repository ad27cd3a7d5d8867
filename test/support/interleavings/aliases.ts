// Looks at what was taken for one: do two histories of a run really lead to the same, whatever it is answered?

import type { Answer, Surroundings } from './calls.ts'
import type { Run } from './execution.ts'
import type { Alias, Program } from './program.ts'
import type { Branch, Node } from './tree.ts'

/** Ways into the future of one node that are tried. */
const MOST_WAYS = 8

/** The futures in which the history that is not followed would have done something else. */
export async function disagreements(program: Program, { node, same }: Alias): Promise<readonly string[]> {
  const found: string[] = []
  for (const way of waysFrom(same)) {
    const run = await program.rerun(node)
    const expected = [textOf(same), ...way.map(({ child }) => textOf(child))]
    const seen = [textOf(run.state), ...(await answersOf(run, way))]
    if (expected.join() !== seen.join()) found.push(`${expected.join(' > ')} but ${seen.join(' > ')}`)
  }
  return found
}

async function answersOf(run: Run, way: readonly { given: Answer & Surroundings }[]): Promise<readonly string[]> {
  const seen: string[] = []
  for (const { given } of way) {
    await run.answer(given)
    seen.push(textOf(run.state))
  }
  return seen
}

/** Some paths from a node to ends of its run, as far as they were searched. */
function waysFrom(node: Node): readonly (readonly Branch[])[] {
  const ways: (readonly Branch[])[] = []
  const open: { at: Node; way: readonly Branch[] }[] = [{ at: node, way: [] }]
  for (let next = open.pop(); next && ways.length < MOST_WAYS; next = open.pop()) {
    const { at, way } = next
    const branches = [...at.children.values()].flat()
    if (branches.length === 0) ways.push(way)
    for (const branch of branches) open.push({ at: branch.child, way: [...way, branch] })
  }
  return ways
}

/** What the world sees of a run. The outcome of an end is for the status page, but for its kind. */
const textOf = ({ call, end }: Pick<Node, 'call' | 'end'>): string =>
  end ? `${end.outcome?.kind} ${end.again} ${end.abandoned}` : JSON.stringify(call)
