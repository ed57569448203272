import type { Split } from './cut.ts'

/** A split as `parseSplit` reads it; '' for none. */
export function splitText(split: Split): string {
  if (split.by === 'cuts') return split.cuts.map(({ after, kind }) => `${after}:${kind}`).join(',')
  if (split.by === 'activations') return 'exact'
  const kind = split.kind === 'exact' ? ':exact' : ''
  if (split.by === 'depth') return `auto${kind}`
  if (split.by === 'refreshes') return `refreshes=${split.refreshes}${kind}`
  return split.by === 'nodes' ? `nodes=${split.nodes}${kind}` : `memory=${split.bytes}${kind}`
}
