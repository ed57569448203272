/** One bundle on one evaluator, in a process of its own: `node edge.ts BUNDLE INPUTS.json EVALUATOR THREADS RUNS`; prints JSON. */
import { readFileSync } from 'node:fs'
import { silent } from '../../src-main/core/progress.ts'
import { loadRunner, type RunnerOptions } from '../../src-main/edge/load-runner.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { median } from './rotation.ts'

export interface EdgeMeasurement {
  readonly evaluator: string
  readonly loadMs: number
  readonly loadCpuMs: number
  readonly wallMs: number
  readonly cpuMs: number
  readonly allMs: readonly number[]
  readonly encryptMs: number
  readonly outsideSealPercent: number | null
  readonly layers: readonly { id: string; ms: number }[]
  readonly peakRssBytes: number
  /** After the first run and after the last. */
  readonly rssBytes: readonly [number, number]
  /** Base64 of each input's output ciphertexts. */
  readonly outputs: readonly string[][]
}

/** Of all threads of this process. */
function cpuMsSince(earlier: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(earlier)
  return (user + system) / 1000
}

const [path, inputsFile, evaluator, threads, runs] = process.argv.slice(2)
const inputs = (JSON.parse(readFileSync(inputsFile, 'utf8')) as number[][]).map((values) => Float64Array.from(values))
const startedMs = performance.now()
const startedCpu = process.cpuUsage()
const bundle = await Bundle.open(path)
const runner = await loadRunner(bundle, 0, {
  threads: Number(threads),
  evaluator: evaluator as RunnerOptions['evaluator'],
})
const loadMs = performance.now() - startedMs
const loadCpuMs = cpuMsSince(startedCpu)
const outputs: string[][] = []
const wall: number[] = []
const cpu: number[] = []
const outside: number[] = []
let firstRssBytes = 0
await runner.run(inputs[0], silent)
for (let i = 0; i < Number(runs); i++) {
  const runMs = performance.now()
  const runCpu = process.cpuUsage()
  const ciphertexts = await runner.run(inputs[i % inputs.length], silent)
  const ms = performance.now() - runMs
  wall.push(ms)
  cpu.push(cpuMsSince(runCpu))
  if (runner.times) outside.push((100 * (ms - runner.times.encryptMs - runner.times.evaluateMs)) / ms)
  if (i < inputs.length) outputs.push(ciphertexts.map((bytes) => Buffer.from(bytes).toString('base64')))
  if (i === 0) firstRssBytes = process.memoryUsage().rss
}
const measurement: EdgeMeasurement = {
  evaluator: runner.evaluator,
  loadMs,
  loadCpuMs,
  wallMs: median(wall),
  cpuMs: median(cpu),
  allMs: wall,
  encryptMs: runner.times?.encryptMs ?? 0,
  outsideSealPercent: outside.length > 0 ? median(outside) : null,
  layers: runner.times?.layers ?? [],
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
  rssBytes: [firstRssBytes, process.memoryUsage().rss],
  outputs,
}
process.stdout.write(JSON.stringify(measurement))
await runner.delete()
await bundle.close()
