import { newest, type History, type HistoryRow, type MeasuredRatios } from './history.ts'
import type { RatioRow } from './ratios.ts'

const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
const ms = (value: number): string => `${value.toFixed(0)} ms`
const named = (row: { readonly network: string; readonly batch: number }): string =>
  `${row.network}${row.batch > 1 ? `, batch ${row.batch}` : ''}`
const on = (row: { readonly evaluator: string; readonly threads: number }): string => `${row.evaluator}, ${row.threads}`

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const newestHeader = [
  ...['network', 'input', 'evaluator, threads', 'N', 'wall', '÷ R', 'encrypting', 'products', 'rotations'],
  ...['relinearisations', 'outside', 'peak memory', 'bundle', 'keys', 'error', 'labels', 'build'],
]
const newestLine = (row: HistoryRow): string[] => [
  ...[named(row), row.input, on(row), String(row.polyModulusDegree), ms(row.wallMs), row.wallOverR.toFixed(1)],
  ...[ms(row.encryptMs), String(row.products), String(row.rotations), String(row.relinearisations)],
  row.outsideSealPercent === null ? '–' : `${row.outsideSealPercent.toFixed(1)} %`,
  ...[row.peakRssBytes, row.bundleBytes, row.keyBytes].map(mega),
  ...[`${(100 * row.worstRelativeError).toFixed(3)} %`, row.labelsEqual, row.build],
]

const historyHeader = [
  ...['network', 'input', 'evaluator, threads', 'build', 'commit', 'date', 'wall', '÷ R'],
  ...['processor time', 'peak memory', 'bundle', 'keys', 'labels'],
]
const historyLine = (row: HistoryRow): string[] => [
  ...[named(row), row.input, on(row), row.build, row.commit, row.date, ms(row.wallMs), row.wallOverR.toFixed(1)],
  row.cpuMs === undefined ? '–' : ms(row.cpuMs),
  ...[...[row.peakRssBytes, row.bundleBytes, row.keyBytes].map(mega), row.labelsEqual],
]

const measureWords: Readonly<Record<string, string>> = {
  wallMs: 'one input, elapsed',
  cpuMs: 'one input, processor time',
  encryptMs: 'encrypting the input',
  loadMs: 'loading, elapsed',
  loadCpuMs: 'loading, processor time',
  planMs: 'planning',
  exportMs: 'export',
  peakRssBytes: 'peak memory',
  bundleBytes: 'bundle',
  keyBytes: 'keys',
  wallOverR: 'one input ÷ R',
  worstRelativeError: 'error',
}
const figure = ({ measure }: RatioRow, value: number): string =>
  measure.endsWith('Ms')
    ? `${value.toFixed(value < 100 ? 1 : 0)} ms`
    : measure.endsWith('Bytes')
      ? mega(value)
      : value.toPrecision(measure === 'wallOverR' ? 3 : 2)
const ratioHeader = ['network', 'input', 'evaluator, threads', 'measure', 'then', 'now', 'ratio', 'labels', 'commits']
const ratioLine = (row: MeasuredRatios[number]): string[] => [
  ...[named(row), row.input, on(row), measureWords[row.measure] ?? row.measure],
  ...[figure(row, Number(row.against[row.measure])), figure(row, Number(row[row.measure])), row.ratio.toFixed(2)],
  ...[row.labelsEqual, `${row.against.revision} → ${row.commit}`],
]

/** docs/benchmarks.md. */
export function renderPage(history: History, ratios: MeasuredRatios): string {
  const machines = [...new Set([...newest(history), ...ratios].map((row) => `${row.build}: ${row.machine}`))]
  return `# Benchmarks

One image, encrypted weights, keys loaded, medians. R is one rotation of node-seal at N = 16384 with 8 primes on one thread,
measured in the same run; ratios hold better than milliseconds. Wall time includes encrypting the input; "outside" is the part that is
neither encryption nor an evaluator's operation; "error" is the largest difference from the polynomial network over its largest output.

\`npm run bench -- --write\` measures and makes this page: \`--only\`, \`--threads\`, \`--input\` and \`--evaluator\` say what. The rows of earlier
builds stay (\`test/bench/history.json\`), so that a slower one is seen. Machines:
${machines.map((machine) => `- ${machine}`).join('\n')}

${table(newestHeader, newest(history).map(newestLine))}

## Against earlier commits

\`npm run bench -- --against REV --only NAME --runs 20\` builds that commit beside this one and measures both in turn in one run; with \`--json\`, a row for each measure.
Milliseconds are medians over the turns. On a machine that does other work besides, processor time (of all threads together) is the ratio to read.
Commit ce9f38c did not measure it: it was given today's calls of \`process.cpuUsage\` for that.

${table(ratioHeader, ratios.map(ratioLine))}

## History

${table(historyHeader, [...history].sort((a, b) => `${named(a)},${a.input}`.localeCompare(`${named(b)},${b.input}`)).map(historyLine))}

## Beside other programs

Ours is commit ce9f38c, of 2026-11-23; the others are as they were in November 2026, each in one run with ours on one machine; lines with a date are of that day's commit. HElayers encrypts weights and input as we do.

| measure | ours | HElayers 1.5.5.4 | SEAL 4.4.3, native | Lattigo 6.1.1 | OpenFHE 1.6.1 | node-seal 7.0.0 |
| --- | --- | --- | --- | --- | --- | --- |
| LeNet-5, one image | 0.805 s | 37.5 s (47 ×) | – | – | – | – |
| LeNet-5, size | 323 MB | 6.2 GB | – | – | – | – |
| CryptoNets, one image | 0.132 s | 2.98 s (23 ×) | – | – | – | – |
| CryptoNets, size | 19.6 MB | 681 MB | – | – | – | – |
| rotation, N = 16384, 8 primes, one special prime, processor time | 1 | – | 2.2 | 2.7 | 3.6 | 4.5 |
| plaintext × ciphertext, processor time | 1 | – | – | 0.7 | – | – |
| the same, 8 primes of 40 bits, 2026-11-29: 0.233 ms | 1 | – | – | 1.37 | – | – |
| ciphertext × ciphertext, three parts, 2026-11-29: 0.455 ms | 1 | – | – | 1.54 | – | – |

Published figures, on other machines:

| system | network | time | weights | hardware |
| --- | --- | --- | --- | --- |
| IBM, arXiv 2102.00319 | one MNIST image | 8.8 s | encrypted | 112 CPUs, native |
| LoLa | one MNIST image | 2.2 s | plain | 8 vCPU, native SEAL |
| FHEON | LeNet-5 | 13 s | plain | Ryzen 9 |
| "Activate Me!" | LeNet-5 | 128 s | plain | OpenFHE |
| FHEON | ResNet-20, CIFAR-10 | 403 s | plain | 20 GB |
`
}
