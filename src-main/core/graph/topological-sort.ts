import { UserError } from '../errors.ts'
import { present } from '../must.ts'
import type { Node } from './graph.ts'

/**
 * Orders nodes so that each comes after those it reads, keeping file order where it is free.
 * `given` are the names that exist before any node runs. Throws 'bad-graph' for a name that nothing writes, a name
 * written twice, and a cycle.
 */
export function topologicalSort(nodes: readonly Node[], given: Iterable<string>): Node[] {
  const writers = writersOf(nodes, given)
  const readers: number[][] = nodes.map(() => [])
  const waitingFor = nodes.map((node, index) => {
    const needed = new Set<number>()
    for (const name of node.inputs) {
      if (name === '') continue
      const writer = writers.get(name)
      if (writer === undefined) {
        throw badGraph(`${node.operator} “${node.name}” reads “${name}”, which nothing writes.`, node)
      }
      if (writer >= 0) needed.add(writer)
    }
    for (const writer of needed) present(readers[writer]).push(index)
    return needed.size
  })
  const ready = nodes.flatMap((_, index) => (waitingFor[index] === 0 ? [index] : []))
  // The list grows while it is walked.
  for (const next of ready) {
    for (const reader of present(readers[next])) {
      const left = present(waitingFor[reader]) - 1
      waitingFor[reader] = left
      if (left === 0) ready.push(reader)
    }
  }
  if (ready.length < nodes.length) {
    const stuck = present(nodes.find((_, index) => waitingFor[index] !== 0))
    throw badGraph(`${stuck.operator} “${stuck.name}” is part of a cycle, or waits for one.`, stuck)
  }
  return ready.map((index) => present(nodes[index]))
}

/** Name → index of the node that writes it, −1 for given names. */
function writersOf(nodes: readonly Node[], given: Iterable<string>): Map<string, number> {
  const writers = new Map<string, number>()
  for (const name of given) writers.set(name, -1)
  nodes.forEach((node, index) => {
    for (const name of node.outputs) {
      if (name === '') continue
      if (writers.has(name)) throw badGraph(`“${name}” is written twice, the second time by “${node.name}”.`, node)
      writers.set(name, index)
    }
  })
  return writers
}

const badGraph = (message: string, node: Node): UserError =>
  new UserError('bad-graph', message, { where: { node: node.name, operator: node.operator } })
