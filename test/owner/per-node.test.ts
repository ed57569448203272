import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeResult } from '../../src-main/core/bundle/result.ts'
import { decodeWeightIndex } from '../../src-main/core/bundle/weight-index.ts'
import type { RefreshedModel, SquareModel } from '../../src-main/core/network/square-model.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { applyOwnerStep, type OwnerStep } from '../../src-main/core/segment/owner-step.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { runSegmentsInTheClear } from '../../src-main/core/segment/run-in-the-clear.ts'
import { silent } from '../../src-main/core/progress.ts'
import { readBytes } from '../../src-main/files/read-file.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { present } from '../../src-main/core/must.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { edgeRun } from '../../src-main/jobs/edge-run.ts'
import { refresh } from '../../src-main/jobs/refresh.ts'
import { runSegments } from '../../src-main/jobs/run-segments.ts'
import { runServed } from '../../src-main/jobs/run-served.ts'
import { ResultOpener } from '../../src-main/owner/decrypt.ts'
import { weightEntries } from '../../src-main/core/plan/plan.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { backUpDeployment, restoreDeployment } from '../../src-main/owner/key-backup.ts'
import type { ProtectResult } from '../../src-main/owner/protect.ts'
import { decodeStep, encodeStep } from '../../src-main/owner/step-json.ts'
import { UnlockedKeyStore } from '../../src-main/owner/unlocked-key-store.ts'
import { residual } from '../segment/residual.ts'
import { npyFile } from '../support/npy.ts'
import { exportTiny, passphrase, temporaryFolder } from './exported.ts'

describe('a bundle for each node', () => {
  let folder: string
  let exported: ProtectResult
  let nodes: Bundle[]
  const planned = planSegments(withExact(residual('shallow'), 's2'), parseSplit('c1:hand-off'), {})

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
    for (const { manifest } of nodes) expect(manifest.cuts).toEqual(['hand-off', 'exact'])
    expect(nodes.every(({ signer }) => signer !== undefined)).toBe(true)
    expect(() => nodes[0].segment(1)).toThrow(expect.objectContaining({ code: 'segment-elsewhere' }))
  })

  it('has no entry, weight or key of another node, by name and by hash', async () => {
    // What a bundle states of itself is of all nodes; test/bundle/documents.test.ts says what that is.
    const own = nodes.map(({ manifest: { documents, entries } }) => {
      const stated = Object.values(present(documents))
      expect(stated).toHaveLength(3)
      return entries.filter(({ name }) => !stated.includes(name))
    })
    own.forEach((entries, i) => expect(entries.every(({ name }) => name.startsWith(`segments/${i}/`))).toBe(true))
    const hashes = own.flatMap((entries) => entries.map(({ sha256 }) => sha256))
    expect(new Set(hashes).size).toBe(hashes.length)
    const weights = await Promise.all(
      nodes.map(async (node, i) => {
        const segment = node.segment(i)
        const blob = node.manifest.entries.find(({ name }) => name === segment.weights.blob)!
        const entries = weightEntries(await node.plan(segment))
        const index = decodeWeightIndex(await node.entry(segment.weights.index), entries.length, blob.bytes)
        return index.map(({ sha256 }) => Buffer.from(sha256).toString('hex'))
      }),
    )
    const all = weights.flat()
    expect(new Set(all).size).toBe(all.length)
    expect(weights[0].length + weights[1].length).toBe(
      weightEntries(planned.segments[0].plan).length + weightEntries(planned.segments[1].plan).length,
    )
  })

  it('has keys for its own rotations only', async () => {
    for (const [i, node] of nodes.entries()) {
      const plan = await node.plan(node.segment(i))
      const programs = (plan.expansions ?? []).flatMap(({ instructions }) => instructions)
      const all = [...plan.instructions, ...programs]
      const used = new Set(all.flatMap((step) => (step.op === 'rotate' ? [step.steps] : [])))
      const held = node.segment(i).evaluationKeys.flatMap(({ rotation }) => rotation?.steps ?? [])
      expect(held.every((steps) => used.has(steps))).toBe(true)
    }
  })

  it('is known to the owner, with the segments that it holds', async () => {
    const deployment = await new KeyStore(join(folder, 'keys')).read(exported.deploymentId)
    expect(deployment.bundles.map(({ sha256, segments }) => [sha256, segments])).toEqual(
      nodes.map(({ sha256 }, i) => [sha256, [i]]),
    )
    expect(deployment.cuts).toEqual(['hand-off', 'exact'])
  })

  it('computes its part in a process of its own, and the owner what is exact in between', async () => {
    const [input, result] = [join(folder, 'input.npy'), join(folder, 'last.result')]
    const values = Float64Array.from({ length: 128 }, (_, i) => Math.sin(i))
    await writeFile(input, npyFile([1, 2, 8, 8], values))
    const request = { bundle: join(folder, 'nodes'), input: { path: input, index: 0 }, result, threads: 1 }
    const keys = new UnlockedKeyStore(join(folder, 'keys'), { passphrase })
    const runs = await runSegments({ ...request, keys }, silent)
    expect(runs.map(({ cut }) => cut)).toEqual(['hand-off', 'exact', undefined])
    await expectOutputs(result, values)
  })

  it('is loaded once for many inputs, by a process that serves it alone', async () => {
    const inputs = [3, 7].map((seed) => {
      const values = Float64Array.from({ length: 128 }, (_, i) => Math.sin(i * seed))
      const read = () => Promise.resolve(npyFile([1, 2, 8, 8], values))
      return { values, read, result: join(folder, `served-${seed}.result`) }
    })
    const stages: string[] = []
    const work = { progress: ({ stage }: { stage: string }) => void stages.push(stage) }
    const keys = new UnlockedKeyStore(join(folder, 'keys'), { passphrase })
    const request = { bundle: join(folder, 'nodes'), keys, threads: 1 }
    const ran = await runServed({ ...request, deployment: exported.deploymentId }, inputs, work)
    expect(ran.segments.map(({ cut, ownerSeconds }) => [cut, ownerSeconds === undefined])).toEqual([
      ['hand-off', true],
      ['exact', false],
      [undefined, true],
    ])
    expect(stages.filter((stage) => stage === 'load')).toHaveLength(3)
    expect(ran.seconds.every((seconds) => seconds > 0)).toBe(true)
    for (const { result, values } of inputs) await expectOutputs(result, values)
  })

  async function expectOutputs(result: string, values: Float64Array): Promise<void> {
    const keys = new UnlockedKeyStore(join(folder, 'keys'), { passphrase })
    const opener = await ResultOpener.load(keys, await keys.store.read(exported.deploymentId), 2)
    const outputs = opener.open(decodeResult(await readBytes(result), sha256))
    opener.delete()
    const expected = runSegmentsInTheClear(planned, values)
    const largest = Math.max(...expected.map(Math.abs))
    expected.forEach((value, i) => expect(Math.abs(outputs[i] - value)).toBeLessThan(0.005 * largest))
  }

  it('takes nothing that was made for another place', async () => {
    const handed = join(folder, 'last.result.0')
    const wrong = { index: 0, out: join(folder, 'wrong.result'), force: false, input: handed }
    const [first, , last] = ['1', '2', '3'].map((n) => join(folder, 'nodes', `segment-${n}.sealed`))
    for (const bundle of [first, last]) {
      await expect(edgeRun({ ...wrong, bundle }, silent)).rejects.toThrow(
        expect.objectContaining({ code: 'segment-elsewhere' }),
      )
    }
    const refused = { result: handed, keys: join(folder, 'keys'), passphrase, out: wrong.out, force: false }
    await expect(refresh(refused, silent)).rejects.toThrow(expect.objectContaining({ code: 'damaged-result' }))
  })

  it('is not written over another folder unless told', async () => {
    const again = { ...planned, out: join(folder, 'nodes'), perNode: true }
    await expect(exportTiny(folder, again)).rejects.toThrow(expect.objectContaining({ code: 'output-exists' }))
    expect((await readdir(folder)).filter((name) => name.startsWith('nodes'))).toEqual(['nodes'])
  })

  it('is backed up with all that the owner needs to refresh', async () => {
    const store = new KeyStore(join(folder, 'keys'))
    const [backup, restored] = [join(folder, 'backup.zip'), new KeyStore(join(folder, 'restored'))]
    await backUpDeployment(store, exported.deploymentId, backup, {})
    await restoreDeployment(restored, backup)
    const names = async ({ folder: keys }: KeyStore) => (await readdir(join(keys, exported.deploymentId))).sort()
    expect(await names(restored)).toEqual(await names(store))
    expect(await names(store)).toContain('step-1.age')
  })
})

describe('what the owner applies at a cut', () => {
  it('comes back from the key store as it was', () => {
    const layer = { sources: ['n'], shape: [2, 4, 4] } as const
    const slope = Float64Array.of(0.25, -0.5)
    const activation = { operator: 'PRelu', parameters: { slope, alpha: 1 } }
    const two = [2, 2] as const
    const pool = { kernel: two, strides: two, dilations: [1, 1], pads: [0, 0, 0, 0] } as const
    const step: OwnerStep = {
      outputs: [{ id: 'x', shape: [2, 4, 4] }],
      layers: [
        { kind: 'activation', id: 'a', input: 'x', ...layer, activation },
        { kind: 'max-pool', id: 'p', input: 'a', ...layer, shape: [2, 2, 2], ...pool },
      ],
      inputs: ['p'],
    }
    const read = decodeStep(encodeStep(step))
    expect(read).toEqual(step)
    const values = Float64Array.from({ length: 32 }, (_, i) => Math.sin(i))
    expect([...applyOwnerStep(read, values, 1)]).toEqual([...applyOwnerStep(step, values, 1)])
    expect(() => decodeStep(new TextEncoder().encode('{"layers":[]}'))).toThrow(
      expect.objectContaining({ code: 'damaged-key-store' }),
    )
  })
})

function withExact(model: SquareModel, id: string): RefreshedModel {
  const activation = { operator: 'Relu', parameters: {} }
  const layers = model.layers.map((layer): RefreshedModel['layers'][number] =>
    layer.id === id && layer.kind === 'square' ? { ...layer, kind: 'activation', activation } : layer,
  )
  return { ...model, layers }
}
