/** What the page of benchmarks is made of, kept in files beside this one. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { withRatios, withRows, type History, type Measured, type MeasuredRatios } from './history.ts'
import { renderPage } from './page.ts'
import type { RatioRow } from './ratios.ts'
import type { BenchRow } from './row.ts'

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const read = (name: string): unknown => JSON.parse(readFileSync(pathOf(name), 'utf8'))

function measured(): Measured {
  const { version } = read('../../package.json') as { version: string }
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const machine = `${cpus()[0].model}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.version}`
  return { build: version, commit, date: new Date().toISOString().slice(0, 10), machine }
}

export function recordRows(rows: readonly BenchRow[]): void {
  const shared = measured()
  const kept = rows.map(({ layers: _layers, rssBytes: _rssBytes, ...row }) => ({ ...shared, ...row }))
  writePage(withRows(read('history.json') as History, kept), read('ratios.json') as MeasuredRatios)
}

export function recordRatios(rows: readonly RatioRow[]): void {
  const shared = measured()
  const kept = rows.map((row) => ({ ...shared, ...row }))
  writePage(read('history.json') as History, withRatios(read('ratios.json') as MeasuredRatios, kept))
}

function writePage(history: History, ratios: MeasuredRatios): void {
  const lines = (rows: readonly object[]): string => `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`
  writeFileSync(pathOf('history.json'), lines(history))
  writeFileSync(pathOf('ratios.json'), lines(ratios))
  writeFileSync(pathOf('../../docs/benchmarks.md'), renderPage(history, ratios))
}
