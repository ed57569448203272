import type { SquareModel } from '../../src-main/core/network/square-model.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { networkBuilder } from '../planner/networks.ts'

/** A shortcut from s1 to the sum, over c2 and s2. */
export function residual(depth: 'shallow' | 'deep' = 'deep'): SquareModel {
  const b = networkBuilder([2, 8, 8])
  b.square('s1', b.conv('c1', INPUT, 4, 3, 1, 1))
  b.square('s2', b.conv('c2', 's1', 4, 3, 1, 1))
  b.sum(
    'sum',
    [
      { input: 's2', map: b.convMap('s2', 4, [3, 3], 1, 1) },
      { input: 's1', map: b.convMap('s1', 4, [1, 1]) },
    ],
    [4, 8, 8],
  )
  if (depth === 'shallow') return b.model('sum')
  b.square('s3', 'sum')
  return b.model(b.dense('d', 's3', 3))
}
