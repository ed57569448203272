/** What a saved report has besides the accuracy: the plan, who sees what, and the commands that repeat it. */
import type { ReportTable } from '../core/validate/report-rows.ts'
import { withSections } from '../core/validate/report-html.ts'
import { bytes, grouped, seconds } from '../core/units.ts'
import type { SplitPlan } from '../ipc/results.ts'

/** @param plan - of the choices as they are, where it was made */
export function withHandOver(page: string, plan: SplitPlan | undefined, commands: string): string {
  const tables = plan ? [costTable(plan), sightTable(plan)] : []
  return withSections(page, tables, { title: 'Commands that repeat it', lines: commands })
}

function costTable({ segments, cuts, basis }: SplitPlan): ReportTable {
  return {
    title: basis === 'fit' ? 'What it costs' : 'What it costs, planned before the fit at the largest scale',
    header: ['node', 'parameters', 'depth', 'bundle', 'memory', 'one thread', 'then'],
    rows: segments.map((segment, at) => [
      String(at + 1),
      `N = ${grouped(segment.polyModulusDegree)}, log2 QP = ${Math.round(segment.logQP)}`,
      `${segment.depth} on ${segment.levels} levels`,
      `${bytes(segment.bundleBytes)}, of which keys ${bytes(segment.keyBytes)}`,
      bytes(segment.edgeMemoryBytes),
      seconds(segment.edgeSeconds),
      behind(cuts[at]),
    ]),
  }
}

const behind = (cut: { readonly kind: keyof typeof then } | undefined): string =>
  cut ? then[cut.kind] : 'opened by the owner'

const then = {
  'hand-off': 'handed to the next node',
  refresh: 'refreshed by the owner',
  exact: 'refreshed by the owner, with the exact activation',
}

function sightTable({ segments }: SplitPlan): ReportTable {
  return {
    title: 'Who sees what',
    header: ['party', 'sees'],
    rows: [
      ...segments.map(({ sees, sentBytes }, at) => [
        `node ${at + 1}`,
        `${sees.input === 'own-samples' ? 'its own samples' : 'ciphertexts'}, kinds and shapes of ${sees.layers.length} layer${sees.layers.length === 1 ? '' : 's'}, ` +
          `${bytes(sentBytes)} of ciphertexts that it sends; no weight and no result`,
      ]),
      ['owner', 'the network, and every result'],
    ],
  }
}
