import { bytes } from '../../src-main/core/units.ts'
import { deploymentWords } from '../../src-main/core/compile/deployment-words.ts'
import { DEPLOYMENTS, type Deployment, type SuiteRow } from '../../src-main/jobs/suite-row.ts'

export interface SuiteResult {
  readonly date: string
  readonly node: string
  readonly machine: string
  readonly rows: readonly SuiteRow[]
}

const words: Readonly<Record<Deployment, string>> = {
  offline: 'no refresh',
  'two-refreshes': 'at most two refreshes',
  exact: 'exact',
}
const headings = [
  ...['network', 'deployment', 'what it is', 'original right', 'approximated right', 'encrypted right', 'labels kept'],
  ...[
    'encrypted labels',
    'encryption adds',
    'seconds',
    'processor seconds',
    'memory',
    'process',
    'bundle',
    'refreshes',
  ],
]

/** docs/edge-suite.md: each network with its three deployments; what was not run says so. */
export function suitePage(
  networks: readonly { readonly network: string; readonly task: string }[],
  { date, node, machine, rows }: SuiteResult,
): string {
  const found = (network: string, deployment: Deployment) =>
    rows.find((row) => row.network === network && row.deployment === deployment)
  const lines = networks.flatMap(({ network, task }) =>
    DEPLOYMENTS.map((deployment) => [
      `${network} (${task})`,
      words[deployment],
      ...cellsOf(found(network, deployment)),
    ]),
  )
  return `# The edge suite

Networks of MLPerf Tiny from the ONNX file to decrypted labels, with encrypted weights and encrypted inputs, by \`npm run suite -- FOLDER\` (${date}, Node
${node}, ${machine}, beside other work). Approximation and choice see unlabelled calibration samples only; everything in the table is of other samples.

${[headings, headings.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}

- **no refresh** and **at most two refreshes** are what \`advise\` recommends within that limit: without the owner online what keeps most, with it the smallest
  bundle that most likely keeps 95 %. **exact** leaves every activation to the owner.
- *labels kept*: test samples on which the approximated network gives the original's label. Of a network of 8 bits, samples are *clear* where its two best scores are more than one step of its outputs apart; where they are not, rounding decides. A network that gives back its input has no
  labels; there it is the error of the approximated outputs relative to their spread, and in brackets the largest change of a sample's score, its squared distance from
  the input.
- *encrypted labels*: encrypted samples with the label of the approximated network; one on which the polynomials overflow is noise, and has none. *encryption adds*: the largest difference from the approximated network's
  scores, over the largest score.
- *seconds*: of the edge for one input on two threads, all segments together, in each the least that an encrypted sample took; other work shared the cores. Loading and the
  owner's refreshes are not in it. *processor seconds*: of all threads of the edge for one input, serving it included, on average over all but the first; other work disturbs it less.
- *memory*: what the evaluators of all segments hold on one machine, without Node itself. *process*: the largest resident memory of one segment's process, Node and all.
- **planned** rows were not run: their figures are the advisor's estimates, with labels kept on calibration samples held out. **not run** rows
  were not tried.
- Random inputs, where the table says so, stand in for data that cannot be had. They show that a network runs and what encryption adds, not how good it is.

The files are those of MLPerf Tiny's reference and result repositories; \`scripts/suite/networks.json\` lists where they are looked for in FOLDER.
`
}

function cellsOf(row: SuiteRow | undefined): string[] {
  if (!row) return ['not run', ...new Array<string>(headings.length - 3).fill('')]
  if (row.state === 'impossible')
    return [`impossible: ${row.problem}`, ...new Array<string>(headings.length - 3).fill('')]
  const { randomData, state, encryptedSamples, encryptedEqual } = row
  const marks = [...(state === 'planned' ? ['planned'] : []), ...(randomData ? ['random inputs'] : [])]
  return [
    [row.choice ? deploymentWords({ ...row.choice, segments: row.segments ?? undefined }) : '', ...marks].join('; '),
    percent(row.originalAccuracy),
    percent(row.approximatedAccuracy),
    percent(row.encryptedAccuracy),
    keptOf(row),
    encryptedEqual === null ? '–' : `${encryptedEqual} of ${encryptedSamples}`,
    row.encryptedError === null ? '–' : small(row.encryptedError),
    row.edgeSeconds === null ? '–' : `${row.edgeSeconds.toPrecision(2)} s`,
    row.edgeCpuSeconds === null ? '–' : `${row.edgeCpuSeconds.toPrecision(2)} s`,
    row.edgeMemoryBytes === null ? '–' : bytes(row.edgeMemoryBytes),
    row.processBytes === null ? '–' : bytes(row.processBytes),
    row.bundleBytes === null ? '–' : bytes(row.bundleBytes),
    row.refreshes === null ? '–' : String(row.refreshes),
  ]
}

function keptOf({ keptLabels, keptClear, clearSamples, relativeError, scoreChange, samples }: SuiteRow): string {
  const clear = keptClear === undefined ? '' : ` (${percent(keptClear)} of ${clearSamples} clear ones)`
  if (keptLabels !== null) return `${percent(keptLabels)}${samples === null ? '' : ` of ${samples}`}${clear}`
  const score = scoreChange === null ? '' : ` (score ${small(scoreChange)})`
  return relativeError === null ? '–' : `error ${small(relativeError)}${score}`
}

const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(1)} %`)
const small = (value: number): string => (value < 1e-3 ? value.toExponential(0) : `${(100 * value).toPrecision(2)} %`)
