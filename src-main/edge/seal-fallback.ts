import type * as encryptor from './portable-encryptor.ts'
import type * as runner from './seal-runner.ts'

interface SealFallback {
  runner(): Promise<typeof runner>
  encryptor(): Promise<typeof encryptor>
}

/**
 * node-seal, for what our own kernels cannot do; it is loaded when it is needed. The edge's folder has no SEAL:
 * scripts/build-edge.ts puts no-seal.ts in this file's place.
 */
export const sealFallback: SealFallback | undefined = {
  runner: () => import('./seal-runner.ts'),
  encryptor: () => import('./portable-encryptor.ts'),
}
