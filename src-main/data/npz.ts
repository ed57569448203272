import { unzipSync } from 'fflate'
import { UserError } from '../core/errors.ts'
import { parseNpy, type NumberArray } from './npy.ts'
import { MAX_FILE_BYTES } from '../files/read-file.ts'

/**
 * Reads one array of an .npz archive. The size an entry claims is checked before anything is inflated.
 * @throws UserError bad-npz, bad-npy, file-too-large
 */
export function parseNpz(bytes: Uint8Array, array: string, file: string): NumberArray {
  const where = { file }
  const names: string[] = []
  let entries: Record<string, Uint8Array>
  try {
    entries = unzipSync(bytes, {
      filter: (entry) => {
        names.push(entry.name)
        if (entry.name !== `${array}.npy`) return false
        if (entry.originalSize <= MAX_FILE_BYTES) return true
        throw new UserError('file-too-large', `${file}: array ${array} claims ${entry.originalSize} bytes.`, { where })
      },
    })
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('bad-npz', `${file} is not an intact .npz archive.`, { where, cause: error })
  }
  const entry = entries[`${array}.npy`]
  if (entry) return parseNpy(entry, `${file}:${array}`)
  const held = names.map((name) => name.replace(/\.npy$/, '')).join(', ') || 'nothing'
  throw new UserError('bad-npz', `${file} has no array named ${array}; it holds ${held}.`, {
    where,
    hint: `Save it with numpy.savez(file, ${array}=…).`,
  })
}
