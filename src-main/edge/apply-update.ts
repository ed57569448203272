import { MANIFEST_ENTRY, SIGNATURE_ENTRY, SIGNER_ENTRY, type ManifestEntry } from '../core/bundle/manifest.ts'
import { UserError } from '../core/errors.ts'
import { present } from '../core/must.ts'
import { Bundle, type Trust } from '../files/open-bundle.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import { writeBundleZip, type EntrySource } from '../files/write-bundle-zip.ts'

export interface ApplyRequest {
  /** Of the deployment, with the keys: its first export, or one that an update was applied to. */
  readonly bundle: string
  readonly pack: string
  readonly out: string
  readonly force?: boolean
  readonly trust: Omit<Trust, 'signature'>
}

export interface ApplyResult {
  readonly deploymentId: string
  readonly update: number
  readonly bundleSha256: string
  readonly bundleBytes: number
  readonly packBytes: number
  /** Taken over from the bundle. */
  readonly keyBytes: number
}

/**
 * Joins an update pack with the keys that it leaves to the deployment's bundle. What comes out is a bundle like any other,
 * with the pack's manifest and signature; both files stay as they are.
 * @throws UserError not-an-update, update-of-another-deployment, update-out-of-order, update-needs-other-keys, wrong-signer, and
 *   what opening a bundle and writing a file say
 */
export async function applyUpdate({ bundle, pack, out, force, trust }: ApplyRequest): Promise<ApplyResult> {
  const base = await Bundle.open(bundle, trust)
  try {
    const update = await Bundle.openAny(pack, trust)
    try {
      return await join(base, update, out, force)
    } finally {
      await update.close()
    }
  } finally {
    await base.close()
  }
}

async function join(base: Bundle, pack: Bundle, out: string, force?: boolean): Promise<ApplyResult> {
  const update = checkFit(base, pack)
  const names = new Map(base.manifest.entries.map(({ sha256, name }) => [sha256, name]))
  const missing = new Set(pack.missing.map(({ name }) => name))
  const sourceOf = ({ name, sha256 }: ManifestEntry): EntrySource => ({
    name,
    content: () => present(missing.has(name) ? base.stored(present(names.get(sha256))) : pack.stored(name)),
  })
  const unlisted = [MANIFEST_ENTRY, SIGNER_ENTRY, SIGNATURE_ENTRY].flatMap((name): EntrySource[] => {
    const content = pack.stored(name)
    return content ? [{ name, content: () => content }] : []
  })
  let bundleBytes = 0
  await writeAtomically(out, { force }, async (file) => {
    const written = await writeBundleZip(file, [...pack.manifest.entries.map(sourceOf), ...unlisted])
    // The base may have been changed since it was verified.
    for (const { name, sha256 } of pack.manifest.entries) {
      if (written.find((entry) => entry.name === name)?.sha256 !== sha256) throw otherKeys()
    }
    bundleBytes = (await file.stat()).size
  })
  return {
    ...{ deploymentId: pack.manifest.deploymentId, update, bundleSha256: pack.sha256, bundleBytes },
    packBytes: pack.bytes,
    keyBytes: pack.missing.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** The update's number. Throws the first four of what `applyUpdate` does, and 'wrong-signer'. */
function checkFit(base: Bundle, pack: Bundle): number {
  const { update, deploymentId } = pack.manifest
  if (update === undefined) {
    throw new UserError('not-an-update', `${pack.path} is a bundle of its own, not an update pack.`, {
      where: { file: pack.path },
      hint: 'Run it as it is.',
    })
  }
  if (deploymentId !== base.manifest.deploymentId) {
    throw new UserError(
      'update-of-another-deployment',
      `The pack updates the deployment ${deploymentId}, and the bundle is of ${base.manifest.deploymentId}.`,
    )
  }
  // Whoever signed what runs here signs what replaces it.
  if (pack.ownerKey !== base.ownerKey) {
    throw new UserError('wrong-signer', `The pack was signed by another key than the bundle, ${pack.ownerKey}.`, {
      where: { file: pack.path },
      hint: "Ask the owner for a pack that the deployment's own key signed.",
    })
  }
  const before = base.manifest.update ?? 0
  if (update <= before) {
    throw new UserError(
      'update-out-of-order',
      `The bundle has update ${before} already, and the pack is update ${update}.`,
      {
        hint: 'An update replaces older ones only.',
      },
    )
  }
  const held = new Set(base.manifest.entries.map(({ sha256 }) => sha256))
  if (!pack.missing.every(({ sha256 }) => held.has(sha256))) throw otherKeys()
  return update
}

const otherKeys = (): UserError =>
  new UserError('update-needs-other-keys', 'The pack needs keys that the bundle does not hold.', {
    hint: 'Give the bundle of the same node, with the updates before this one applied.',
  })
