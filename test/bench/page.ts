import type { BenchRow } from './main.ts'

const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

/** docs/benchmarks.md. */
export function renderPage(rows: readonly BenchRow[], machine: string): string {
  const header =
    '| network | input | evaluator, threads | N | wall | ÷ R | encrypting | products | rotations | relinearisations | outside | peak memory | bundle | keys | error | labels |'
  const lines = rows.map(
    (row) =>
      `| ${row.network}${row.batch > 1 ? `, batch ${row.batch}` : ''} | ${row.input} | ${row.evaluator}, ${row.threads} | ${row.polyModulusDegree} | ${row.wallMs.toFixed(0)} ms | ${row.wallOverR.toFixed(1)} | ${row.encryptMs.toFixed(0)} ms | ${row.products} | ${row.rotations} | ${row.relinearisations} | ${row.outsideSealPercent === null ? '–' : `${row.outsideSealPercent.toFixed(1)} %`} | ${mega(row.peakRssBytes)} | ${mega(row.bundleBytes)} | ${mega(row.keyBytes)} | ${(100 * row.worstRelativeError).toFixed(3)} % | ${row.labelsEqual} |`,
  )
  return `# Benchmarks

One image, encrypted weights, keys loaded, medians. R = ${rows[0]?.rotationMs.toFixed(1)} ms is one rotation of node-seal at
N = 16384 with 8 primes on one thread, measured in the same run; ratios hold better than milliseconds. Machine: ${machine}.
Reproduce with \`npm run bench\`; \`npm run bench -- --write\` makes this page. Wall time includes encrypting the input;
"outside" is the part that is neither encryption nor an evaluator's operation; "error" is the largest difference from the
polynomial network over its largest output.

${header}
|${' --- |'.repeat(16)}
${lines.join('\n')}

## Beside published systems

| system | network | time | weights | hardware |
| --- | --- | --- | --- | --- |
| IBM, arXiv 2102.00319 | one MNIST image | 8.8 s | encrypted | 112 CPUs, native |
| LoLa | one MNIST image | 2.2 s | plain | 8 vCPU, native SEAL |
| FHEON | LeNet-5 | 13 s | plain | Ryzen 9 |
| "Activate Me!" | LeNet-5 | 128 s | plain | OpenFHE |
| FHEON | ResNet-20, CIFAR-10 | 403 s | plain | 20 GB |
`
}
