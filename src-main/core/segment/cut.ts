import { parseByteSize } from '../byte-size.ts'
import { UserError } from '../errors.ts'
import { present } from '../must.ts'
import type { LayerId } from '../network/layer-model.ts'

/**
 * What happens between two segments:
 * - hand-off: the ciphertexts go to the next node as they are; key, parameters and levels continue.
 * - refresh: the owner decrypts them and encrypts the values anew, under the next segment's key and parameters.
 * - exact: a refresh in which the owner also applies the original activation, which is approximated nowhere.
 */
export const CUT_KINDS = ['hand-off', 'refresh', 'exact'] as const
export type CutKind = (typeof CUT_KINDS)[number]
/** The kinds for which the owner has to be online. */
export type RefreshKind = Exclude<CutKind, 'hand-off'>

export interface Cut {
  /**
   * The last layer before the cut: the next segment begins with its value. For an exact cut it is the activation (or
   * maximum pool) that the owner applies; the layer that it reads may be named in its place.
   */
  readonly after: LayerId
  readonly kind: CutKind
}

/** How to cut a network: by hand, or by a rule, which cuts by refreshing where the depth asks for it. */
export type Split =
  | { readonly by: 'cuts'; readonly cuts: readonly Cut[] }
  /** Every activation and maximum pool exact: as many refreshes as the network has of them in a row. */
  | { readonly by: 'activations'; readonly kind: 'exact' }
  /** As few segments as the modulus chains allow. */
  | { readonly by: 'depth'; readonly kind: RefreshKind }
  /** At most so many refreshes, of segments as shallow as these allow. */
  | { readonly by: 'refreshes'; readonly refreshes: number; readonly kind: RefreshKind }
  /** So many segments, alike in time, by hand-offs where no refresh is needed. */
  | { readonly by: 'nodes'; readonly nodes: number; readonly kind: RefreshKind }
  /** Segments of at most so much memory at the edge, by hand-offs where no refresh is needed. */
  | { readonly by: 'memory'; readonly bytes: number; readonly kind: RefreshKind }

export const maxSegments = 64

/** No cut at all. */
export const WHOLE: Split = { by: 'cuts', cuts: [] }

/**
 * `exact` (every activation), `exact:relu_1,relu_3`, `auto`, `refreshes=2`, `nodes=3` or `memory=2GiB`, each followed by `:exact` where refreshes are to be exact; or layers with the kind
 * of the cut after each, such as `conv2:refresh,fc1:exact,fc2:hand-off`, where a layer alone means a refresh.
 * @throws UserError bad-split
 */
export function parseSplit(text: string): Split {
  if (text.trim() === 'exact') return { by: 'activations', kind: 'exact' }
  const exact = /^exact:(.*)$/.exec(text.trim())?.[1]
  if (exact !== undefined) return { by: 'cuts', cuts: exact.split(',').map((id) => exactCut(id.trim(), text)) }
  const rule = /^(auto|refreshes|nodes|memory)(?:=([^:]*))?(?::(refresh|exact))?$/.exec(text.trim())
  if (!rule) return { by: 'cuts', cuts: text.split(',').map(parseCut) }
  const [, name, amount, kind = 'refresh'] = rule as unknown as [string, string, string?, RefreshKind?]
  if (name === 'auto' && amount === undefined) return { by: 'depth', kind }
  if (name === 'refreshes') return { by: 'refreshes', refreshes: count(amount, text), kind }
  if (name === 'nodes') return { by: 'nodes', nodes: Math.max(1, count(amount, text)), kind }
  if (name === 'memory') return { by: 'memory', bytes: bytesOf(amount, text), kind }
  throw badSplit(text)
}

function parseCut(text: string): Cut {
  const [, after, kind = 'refresh'] = present(/^(.*?)(?::(hand-off|refresh|exact))?$/.exec(text.trim())) as unknown as [
    string,
    string,
    CutKind?,
  ]
  if (after === '') throw badSplit(text)
  return { after, kind }
}

function exactCut(after: LayerId, text: string): Cut {
  if (after === '') throw badSplit(text)
  return { after, kind: 'exact' }
}

function count(amount: string | undefined, text: string): number {
  if (amount === undefined || !/^\d{1,2}$/.test(amount) || Number(amount) > 63) throw badSplit(text)
  return Number(amount)
}

function bytesOf(amount: string | undefined, text: string): number {
  const bytes = parseByteSize(amount ?? '')
  if (bytes === undefined) throw badSplit(text)
  return bytes
}

const badSplit = (text: string): UserError =>
  new UserError('bad-split', `“${text.slice(0, 200)}” does not say where to split.`, {
    hint: 'exact, exact:relu_1,relu_3, auto, refreshes=2, nodes=3, memory=2GiB, or layers such as conv2:refresh,fc1:exact,fc2:hand-off.',
  })
