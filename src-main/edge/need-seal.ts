import { UserError } from '../core/errors.ts'
import { sealFallback } from './seal-fallback.ts'

/** @throws UserError kernels-unsupported in an edge without SEAL */
export function needSeal(reason = 'they were not asked for'): NonNullable<typeof sealFallback> {
  if (sealFallback) return sealFallback
  throw new UserError(
    'kernels-unsupported',
    `This edge has its evaluation kernels only, and they cannot be used: ${reason}.`,
    {
      hint: 'Use `sealwright edge` of the whole project, which brings SEAL along, or another machine.',
    },
  )
}
