import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SIGNER_ENTRY } from '../../src-main/core/bundle/manifest.ts'
import { NO_PREPROCESSING } from '../../src-main/core/bundle/preprocessing.ts'
import { encodeResult } from '../../src-main/core/bundle/result.ts'
import type { PlannedNetwork } from '../../src-main/core/plan/plan.ts'
import { silent, type WorkContext } from '../../src-main/core/progress.ts'
import { applyUpdate } from '../../src-main/edge/apply-update.ts'
import { verifyBundle } from '../../src-main/edge/inspect.ts'
import { loadRunner } from '../../src-main/edge/load-runner.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import type { ProtectResult } from '../../src-main/owner/protect.ts'
import { UnlockedKeyStore } from '../../src-main/owner/unlocked-key-store.ts'
import { updateDeployment, type UpdateRequest, type UpdateResult } from '../../src-main/owner/update.ts'
import { rewriteBundle } from '../edge/rewrite-bundle.ts'
import { openBundle } from '../bundle/second-reader.ts'
import { tinyHybrid, tinyNetwork, tinySegment } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase, temporaryFolder } from './exported.ts'

const pixels = Float64Array.of(0.3, -0.8, 1.5, 0.6)
const coded = (code: string) => expect.objectContaining({ code })
const model = { name: 'tiny, trained again', sha256: 'cd'.repeat(32), finish: 'none' as const }

/** The network with other weights: its largest output is another. */
function trainedAgain(network = tinyNetwork()): PlannedNetwork {
  const { weightVectors } = network
  return {
    ...network,
    weightVectors: (index) => weightVectors(index).map((value, slot) => value * (slot === 0 ? 9 : 1)),
  }
}

describe('an update of a deployment', () => {
  let folder: string
  let exported: ProtectResult
  let updated: UpdateResult
  const copies: string[] = []
  const file = (name: string): string => join(folder, name)

  const update = (out: string, changes: Partial<UpdateRequest> = {}, work: WorkContext = silent) =>
    updateDeployment(
      {
        ...{ segments: [trainedAgain()], deploymentId: exported.deploymentId, model },
        ...{ preprocessing: NO_PREPROCESSING, out: file(out) },
        keys: new UnlockedKeyStore(file('keys'), { passphrase }),
        ...changes,
      },
      work,
    )
  const apply = (bundle: string, pack: string, out: string, force = false) =>
    applyUpdate({ bundle: file(bundle), pack: file(pack), out: file(out), force, trust: {} })
  const manifestOf = async (name: string) => {
    const bundle = await Bundle.openAny(file(name))
    await bundle.close()
    return bundle
  }
  async function copiedStore() {
    const copy = join(await temporaryFolder(), 'keys')
    copies.push(join(copy, '..'))
    await cp(file('keys'), copy, { recursive: true })
    const keys = new UnlockedKeyStore(copy, { passphrase })
    return { keys, store: keys.store }
  }
  const recordOf = () => new KeyStore(file('keys')).read(exported.deploymentId)

  async function answerOf(name: string) {
    const bundle = await Bundle.open(file(name))
    const runner = await loadRunner(bundle, 0, { threads: 1, evaluator: 'auto' })
    const ciphertexts = await runner.run(pixels, silent)
    await runner.delete()
    await bundle.close()
    const { deploymentId } = bundle.manifest
    const header = { deploymentId, bundleSha256: bundle.sha256, segment: 0 }
    await writeFile(file('result'), encodeResult({ ...header, ciphertexts }, sha256))
    return await decrypt({
      result: file('result'),
      keysFolder: file('keys'),
      unlock: { passphrase },
      beyondBudget: true,
    })
  }

  beforeAll(async () => {
    folder = await temporaryFolder()
    exported = await exportTiny(folder)
    // Of the sums 1.7, 8.0 and 8.2 the first becomes 19.4.
    expect((await answerOf('tiny.sealed')).label).toBe(2)
    updated = await update('first.pack')
    await apply('tiny.sealed', 'first.pack', 'first.sealed')
  })
  afterAll(async () => {
    for (const each of [folder, ...copies]) await rm(each, { recursive: true })
  })

  it('is the new weights without keys, signed with the deployment’s own key', async () => {
    expect(updated).toMatchObject({ deploymentId: exported.deploymentId, update: 1, keyBytes: 0 })
    expect(updated.signer).toBe(exported.signer)
    expect(updated.bundleBytes).toBe((await stat(file('first.pack'))).size)
    expect(updated.bundleBytes).toBeLessThan(exported.bundleBytes - exported.keyBytes + 5_000)
    expect(await verifyBundle(file('first.pack'), {})).toMatchObject({ update: 1, missingKeyBytes: exported.keyBytes })
    const publicKey = await readFile(join(file('keys'), exported.deploymentId, SIGNER_ENTRY), 'utf8')
    expect((await verifyBundle(file('first.pack'), { publicKey })).signer).toMatchObject({ pinned: true })
  })

  it('names the keys that it takes over by their hashes', async () => {
    const before = await manifestOf('tiny.sealed')
    const pack = await manifestOf('first.pack')
    const keysOf = ({ manifest }: Bundle) => manifest.entries.filter(({ name }) => name.endsWith('.key'))
    expect(pack.missing).toEqual(keysOf(before))
    const weights = ({ manifest }: Bundle) => manifest.entries.find(({ name }) => name.endsWith('.bin'))!.sha256
    expect(weights(pack)).not.toBe(weights(before))
  })

  it('joined with the keys is a bundle that computes with the new weights', async () => {
    const joined = await manifestOf('first.sealed')
    expect(joined.missing).toEqual([])
    expect(joined.sha256).toBe(updated.bundles[0].sha256)
    expect((await answerOf('first.sealed')).label).toBe(0)
  })

  it('can be joined by a reader that knows only docs/bundle-format.md', async () => {
    const before = openBundle(await readFile(file('tiny.sealed')))
    const pack = await readFile(file('first.pack'))
    const { manifest, entry } = openBundle(pack, before)
    expect(entry(manifest.segments[0].publicKey)).toEqual(before.entry(before.manifest.segments[0].publicKey))
    const joined = openBundle(await readFile(file('first.sealed')))
    for (const { name } of manifest.entries) expect(joined.entry(name).equals(entry(name)), name).toBe(true)
    expect(() => openBundle(pack)).toThrow('no segments/0/public.key')
    expect(() => openBundle(pack, joined)).toThrow('no segments/0/public.key')
  })

  it('takes the place of what was before: results of older weights are refused', async () => {
    await expect(answerOf('tiny.sealed')).rejects.toThrow(coded('superseded-bundle'))
  })

  it('leaves the budget as it is', async () => {
    const record = await recordOf()
    expect(record).toMatchObject({ update: 1, weights: 9, reveal: { mode: 'label' }, model })
    const { keys, store } = await copiedStore()
    await store.ledger.spend(record.id, { bits: 7 }, { bits: Infinity })
    const account = await store.ledger.read(record.id)
    expect(account.spentBits).toBeGreaterThanOrEqual(7)
    await update('spent.pack', { keys })
    expect(await store.ledger.read(record.id)).toEqual(account)
  })

  it('may be skipped, and is not taken back', async () => {
    const second = await update('second.pack')
    expect(second.update).toBe(2)
    await apply('tiny.sealed', 'second.pack', 'skipped.sealed')
    await apply('first.sealed', 'second.pack', 'second.sealed')
    const [skipped, joined] = [await readFile(file('skipped.sealed')), await readFile(file('second.sealed'))]
    expect(skipped.equals(joined)).toBe(true)
    await expect(apply('second.sealed', 'first.pack', 'back.sealed')).rejects.toThrow(coded('update-out-of-order'))
    await expect(apply('second.sealed', 'second.pack', 'twice.sealed')).rejects.toThrow(coded('update-out-of-order'))
    await expect(stat(file('back.sealed'))).rejects.toThrow('ENOENT')
    await apply('first.sealed', 'second.pack', 'first.sealed', true)
    expect((await readFile(file('first.sealed'))).equals(joined)).toBe(true)
  })

  it('is refused where it does not belong, by name', async () => {
    const other = await temporaryFolder()
    const stranger = await exportTiny(other)
    const theirs = join(other, 'tiny.sealed')
    const applied = (bundle: string, pack = 'second.pack') =>
      applyUpdate({ bundle, pack: file(pack), out: file('wrong.sealed'), trust: {} })
    expect(stranger.deploymentId).not.toBe(exported.deploymentId)
    await expect(applied(theirs)).rejects.toThrow(coded('update-of-another-deployment'))
    await expect(applied(file('tiny.sealed'), 'tiny.sealed')).rejects.toThrow(coded('not-an-update'))
    await expect(applied(file('second.pack'))).rejects.toThrow(coded('update-pack'))
    await expect(Bundle.open(file('second.pack'))).rejects.toThrow(coded('update-pack'))

    // Of the same deployment, by the same signer, with keys of its own: only the hashes tell.
    const { keys, store } = await copiedStore()
    const record = await recordOf()
    const entries = record.keys!.entries.map((entry) => ({ ...entry, sha256: 'ab'.repeat(32) }))
    await store.update({ ...record, keys: { ...record.keys!, entries } })
    await update('foreign.pack', { keys })
    await expect(applied(file('tiny.sealed'), 'foreign.pack')).rejects.toThrow(coded('update-needs-other-keys'))
    await rm(other, { recursive: true })
  })

  it('is refused where it was changed, or signed by somebody else', async () => {
    const bytes = await readFile(file('second.pack'))
    bytes[bytes.length >> 1] ^= 1
    await writeFile(file('changed.pack'), bytes)
    await expect(apply('tiny.sealed', 'changed.pack', 'wrong.sealed')).rejects.toThrow(coded('damaged-bundle'))
    const own = await temporaryFolder()
    const other = await exportTiny(own)
    const theirs = await readFile(join(own, 'keys', other.deploymentId, SIGNER_ENTRY))
    await rewriteBundle(file('second.pack'), file('forged.pack'), (entries) => entries.set(SIGNER_ENTRY, theirs))
    const forged = { bundle: file('tiny.sealed'), pack: file('forged.pack'), out: file('wrong.sealed') }
    await expect(applyUpdate({ ...forged, trust: {} })).rejects.toThrow(coded('bad-signature'))
    await expect(applyUpdate({ ...forged, trust: { allowUnsigned: true } })).rejects.toThrow(coded('wrong-signer'))
    await rm(own, { recursive: true })
  })

  it('of a network that the keys do not serve is not made, and leaves nothing', async () => {
    const before = await readdir(join(file('keys'), exported.deploymentId))
    const doesNotFit = coded('update-does-not-fit')
    await expect(update('wrong.pack', { segments: [tinyHybrid()] })).rejects.toThrow(doesNotFit)
    await expect(update('wrong.pack', { segments: [tinyNetwork('plain')] })).rejects.toThrow(doesNotFit)
    await expect(update('wrong.pack', { segments: [tinyNetwork(), tinyNetwork()] })).rejects.toThrow(doesNotFit)
    const abort = new AbortController()
    const work = { progress: () => abort.abort(), signal: abort.signal }
    await expect(update('wrong.pack', {}, work)).rejects.toThrow(coded('cancelled'))
    expect(await readdir(join(file('keys'), exported.deploymentId))).toEqual(before)
    await expect(stat(file('wrong.pack'))).rejects.toThrow('ENOENT')
    await new KeyStore(file('keys')).revoke(exported.deploymentId)
    await expect(update('wrong.pack')).rejects.toThrow(coded('deployment-revoked'))
  })
})

it('of nodes with a bundle each is a pack for each', async () => {
  const folder = await temporaryFolder()
  const segments = [tinyNetwork(), tinySegment([3, 1, 1])]
  const bundles = join(folder, 'bundles')
  const exported = await exportTiny(folder, { segments, perNode: true, out: bundles })
  const keys = new UnlockedKeyStore(join(folder, 'keys'), { passphrase })
  const out = join(folder, 'packs')
  const request = { segments, deploymentId: exported.deploymentId, model, keys, preprocessing: NO_PREPROCESSING }
  await expect(updateDeployment({ ...request, out }, silent)).rejects.toThrow(coded('update-does-not-fit'))
  const { bundles: packs } = await updateDeployment({ ...request, out, perNode: true }, silent)
  expect(packs.map((pack) => pack.segments)).toEqual([[0], [1]])
  const applied = (bundle: string, pack: string) =>
    applyUpdate({ bundle: join(bundles, bundle), pack: join(out, pack), out: join(folder, pack), trust: {} })
  for (const name of ['segment-1.sealed', 'segment-2.sealed']) {
    await applied(name, name)
    const bundle = await Bundle.open(join(folder, name))
    expect(packs.map(({ sha256 }) => sha256)).toContain(bundle.sha256)
    await bundle.close()
  }
  await expect(applied('segment-1.sealed', 'segment-2.sealed')).rejects.toThrow(coded('update-needs-other-keys'))
  await rm(folder, { recursive: true })
})

it('brings the keys that a new plan uses and the deployment lacks', async () => {
  const folder = await temporaryFolder()
  const network = tinyHybrid()
  const exported = await exportTiny(folder, { segments: [network] })
  const { plan } = network
  const [rotate, ...rest] = [...plan.instructions.slice(-2)]
  const turned = { ...rotate, op: 'rotate', in: 7, steps: 2 } as const
  const changed = { ...network, plan: { ...plan, instructions: [...plan.instructions.slice(0, -2), turned, ...rest] } }
  const keys = new UnlockedKeyStore(join(folder, 'keys'), { passphrase })
  const request = { segments: [changed], deploymentId: exported.deploymentId, model, keys, out: join(folder, 'pack') }
  const updated = await updateDeployment({ ...request, preprocessing: NO_PREPROCESSING }, silent)
  expect(updated.keyBytes).toBeGreaterThan(0)
  expect(updated.keyBytes).toBeLessThan(exported.keyBytes / 2)
  const out = join(folder, 'joined.sealed')
  await applyUpdate({ bundle: join(folder, 'tiny.sealed'), pack: join(folder, 'pack'), out, trust: {} })
  const bundle = await Bundle.open(out)
  const runner = await loadRunner(bundle, 0, { threads: 1, evaluator: 'auto' })
  expect(await runner.run(pixels, silent)).toHaveLength(1)
  await runner.delete()
  await bundle.close()
  await rm(folder, { recursive: true })
})
