import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NO_PREPROCESSING } from '../../src-main/core/bundle/preprocessing.ts'
import { silent, type WorkContext } from '../../src-main/core/progress.ts'
import { protect, type ProtectRequest, type ProtectResult } from '../../src-main/owner/protect.ts'
import { tinyNetwork } from '../bundle/tiny-plan.ts'

export const passphrase = 'correct horse battery staple'

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'sealwright-test-'))

/** Exports the tiny network with real, secure encryption; `changes` override the request. */
export async function exportTiny(
  folder: string,
  changes: Partial<ProtectRequest> = {},
  work: WorkContext = silent,
): Promise<ProtectResult> {
  return await protect(
    {
      segments: [tinyNetwork()],
      model: { name: 'tiny', sha256: 'ab'.repeat(32), finish: 'none' },
      preprocessing: NO_PREPROCESSING,
      reveal: { mode: 'label' },
      keysFolder: join(folder, 'keys'),
      // A low work factor keeps the tests short; the default is age's own.
      lock: { passphrase, scryptWorkFactor: 8 },
      out: join(folder, 'tiny.sealed'),
      ...changes,
    },
    work,
  )
}
