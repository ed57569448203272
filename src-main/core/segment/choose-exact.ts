import type { Degree } from '../network/polynomial-model.ts'
import { UserError } from '../errors.ts'
import type { LayerId, LayerModel } from '../network/layer-model.ts'
import { soleReader, soleReadersOf } from '../network/run-layers.ts'
import { refreshedSkeletonOf } from '../planner/skeleton.ts'
import type { Split } from './cut.ts'
import { cutNetwork, type SegmentedModel } from './cut-network.ts'
import { cutsByDepth, leastDepth, segmentLevels, tooDeep } from './propose-cuts.ts'

/**
 * The activations and maximum pools that a split leaves to the owner; to be known before the others are approximated.
 * Activations are taken to be of the given degree, and max-pools to be taken apart where told. @throws UserError not-a-cut-point, too-deep
 */
export function exactLayersOf(
  model: LayerModel,
  split: Split,
  degree: Degree,
  splitPools?: boolean,
): ReadonlySet<LayerId> {
  const together = groupsOf(model)
  if (split.by === 'cuts') {
    return new Set(split.cuts.flatMap(({ after, kind }) => (kind === 'exact' ? together(named(model, after)) : [])))
  }
  if (split.kind !== 'exact') return new Set()
  const candidates = candidatesOf(model, together)
  const exact = (chosen: readonly LayerId[]): Set<LayerId> => new Set(chosen.flatMap(together))
  const cutAt = (chosen: readonly LayerId[]): SegmentedModel =>
    cutNetwork(refreshedSkeletonOf(model, { degree, splitPools, exact: exact(chosen) }), [])
  if (split.by === 'activations') return exact(candidates)
  const byDepth = (depth: number): LayerId[] | undefined => cutsByDepth(candidates, cutAt, depth)
  const segment = (depth: number): SegmentedModel | undefined => {
    const chosen = byDepth(depth)
    return chosen && cutAt(chosen)
  }
  const depth = split.by === 'refreshes' ? leastDepth(cutAt([]), split.refreshes, segment) : segmentLevels
  const chosen = byDepth(depth)
  if (!chosen) throw tooDeep(depth)
  return exact(chosen)
}

/** Segments of a network with every activation exact: one more than refreshes. */
export function exactSegmentsOf(model: LayerModel): number {
  const exact = exactLayersOf(model, { by: 'activations', kind: 'exact' }, 2)
  return cutNetwork(refreshedSkeletonOf(model, { exact }), []).segments.length
}

/** Activations and maximum pools that are exact together or not at all, in groups: where exact cuts may be. */
export function exactGroupsOf(model: LayerModel): (readonly LayerId[])[] {
  const together = groupsOf(model)
  return candidatesOf(model, together).map(together)
}

/** One of each group that is refreshed together; not before anything is computed, and not where nothing follows. */
function candidatesOf(model: LayerModel, together: (id: LayerId) => readonly LayerId[]): LayerId[] {
  const first = model.layers.findIndex(({ kind }) => kind === 'linear')
  const seen = new Set<LayerId>()
  return model.layers.flatMap(({ id, kind }, i) => {
    if (kind === 'linear' || i < first || seen.has(id)) return []
    const group = together(id)
    for (const member of group) seen.add(member)
    return group.includes(model.output) ? [] : [id]
  })
}

/** The layer itself, or the activation that alone reads it. */
function named(model: LayerModel, id: LayerId): LayerId {
  const layer = model.layers.find((candidate) => candidate.id === id)
  const reader = soleReader(model, id)
  if (layer && layer.kind !== 'linear') return id
  if (layer && reader && reader.kind !== 'linear') return reader.id
  const nonlinear = model.layers.filter(({ kind }) => kind !== 'linear').map((candidate) => candidate.id)
  throw new UserError('not-a-cut-point', `No activation follows ${id} that the owner could apply.`, {
    where: { layer: id },
    hint: `Exact cuts are possible at ${nonlinear.join(', ') || 'no layer'}.`,
  })
}

/** An activation and the maximum pool beside it: the owner applies both, since neither is linear. */
function groupsOf(model: LayerModel): (id: LayerId) => LayerId[] {
  const byId = new Map(model.layers.map((layer) => [layer.id, layer]))
  const soleReaders = soleReadersOf(model)
  return (id) => {
    const group = [id]
    for (let at = byId.get(id); at && at.kind !== 'linear';) {
      const before = byId.get(at.input)
      if (!before || before.kind === 'linear' || soleReaders.get(before.id) !== at) break
      group.unshift(before.id)
      at = before
    }
    for (let next = soleReaders.get(id); next && next.kind !== 'linear'; next = soleReaders.get(next.id)) {
      group.push(next.id)
    }
    return group
  }
}
