import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeWeightIndex } from '../../src-main/core/bundle/weight-index.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { Bundle } from '../../src-main/edge/open-bundle.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import type { ProtectResult } from '../../src-main/owner/protect.ts'
import { residual } from '../segment/residual.ts'
import { exportTiny, temporaryFolder } from './exported.ts'

describe('a bundle for each node', () => {
  let folder: string
  let exported: ProtectResult
  let nodes: Bundle[]
  const planned = planSegments(residual('shallow'), parseSplit('c1:hand-off,c2:refresh'), {})

  beforeAll(async () => {
    folder = await temporaryFolder()
    exported = await exportTiny(folder, { ...planned, out: join(folder, 'nodes'), perNode: true })
    const names = (await readdir(join(folder, 'nodes'))).sort()
    nodes = await Promise.all(names.map((name) => Bundle.open(join(folder, 'nodes', name))))
  })
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()))
    await rm(folder, { recursive: true })
  })

  it('holds one segment, and says where it is and what follows', () => {
    expect(nodes.map(({ manifest }) => manifest.segments.map(({ index }) => index))).toEqual([[0], [1], [2]])
    for (const { manifest } of nodes) expect(manifest.cuts).toEqual(['hand-off', 'refresh'])
    expect(nodes.every(({ signer }) => signer !== undefined)).toBe(true)
    expect(() => nodes[0].segment(1)).toThrow(expect.objectContaining({ code: 'segment-elsewhere' }))
  })

  it('has no entry, weight or key of another node, by name and by hash', async () => {
    const names = nodes.map(({ manifest }) => manifest.entries.map(({ name }) => name))
    names.forEach((own, i) => expect(own.every((name) => name.startsWith(`segments/${i}/`))).toBe(true))
    const hashes = nodes.flatMap(({ manifest }) => manifest.entries.map(({ sha256 }) => sha256))
    expect(new Set(hashes).size).toBe(hashes.length)
    const weights = await Promise.all(
      nodes.map(async (node, i) => {
        const segment = node.segment(i)
        const blob = node.manifest.entries.find(({ name }) => name === segment.weights.blob)!
        const { weights: slots } = await node.plan(segment)
        const index = decodeWeightIndex(await node.entry(segment.weights.index), slots.length, blob.bytes)
        return index.map(({ sha256 }) => Buffer.from(sha256).toString('hex'))
      }),
    )
    const all = weights.flat()
    expect(new Set(all).size).toBe(all.length)
    expect(weights[0].length + weights[1].length).toBe(
      planned.segments[0].plan.weights.length + planned.segments[1].plan.weights.length,
    )
  })

  it('has keys for its own rotations only', async () => {
    for (const [i, node] of nodes.entries()) {
      const plan = await node.plan(node.segment(i))
      const used = new Set(plan.instructions.flatMap((step) => (step.op === 'rotate' ? [step.steps] : [])))
      const held = node.segment(i).evaluationKeys.flatMap(({ rotation }) => rotation?.steps ?? [])
      expect(held.every((steps) => used.has(steps))).toBe(true)
    }
  })

  it('is known to the owner, with the segments that it holds', async () => {
    const deployment = await new KeyStore(join(folder, 'keys')).read(exported.deploymentId)
    expect(deployment.bundles.map(({ sha256, segments }) => [sha256, segments])).toEqual(
      nodes.map(({ sha256 }, i) => [sha256, [i]]),
    )
    expect(deployment.cuts).toEqual(['hand-off', 'refresh'])
  })

  it('is not written over another folder unless told', async () => {
    const again = { ...planned, out: join(folder, 'nodes'), perNode: true }
    await expect(exportTiny(folder, again)).rejects.toThrow(expect.objectContaining({ code: 'output-exists' }))
    expect((await readdir(folder)).sort()).toEqual(['keys', 'nodes'])
  })

  it('is planned as the whole', () => {
    const whole = planNetwork(residual('shallow'))
    expect(whole.plan.layers.map(({ id }) => id)).toEqual(
      planned.segments.flatMap(({ plan }) => plan.layers.map(({ id }) => id)),
    )
  })
})
