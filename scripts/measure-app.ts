/**
 * `npm run measure:app -- MODEL`: what the window promises, in figures. Cold starts, opening MODEL and panning its graph, the
 * renderer's memory throughout, and the longest pauses of both main threads while the sample is sealed and run. Prints JSON.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { median } from '../src-main/core/numeric/median.ts'
import { openWindow } from '../test/e2e/window.ts'
import type { OpenWindow } from '../test/e2e/window.ts'
import { argumentsOf } from './arguments.ts'

const starts = 5
const panMs = 4000
const patientMs = 900_000
/** Linux's USER_HZ. */
const ticksPerSecond = 100
const targets = { startMs: 3000, openMs: 3000, rendererMB: 400, pauseMs: 100 }

const { positionals } = argumentsOf({ allowPositionals: true })
const model = resolve(positionals[0] ?? 'assets/lenet5.onnx')

const startMs = await coldStarts()
const { openMs, pan, largestMB, pauses } = await session()
const report = {
  model: basename(model),
  startMs: { each: startMs, median: median(startMs), target: targets.startMs },
  openMs: { ...openMs, target: targets.openMs },
  pan,
  rendererMB: { largest: largestMB, target: targets.rendererMB },
  longestPauseMs: { ...pauses, target: targets.pauseMs },
}
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)

/** From starting the process until the first button can be pressed, each with a fresh profile. */
async function coldStarts(): Promise<number[]> {
  const each: number[] = []
  for (let start = 0; start < starts; start += 1) {
    const app = await openWindow()
    await app.page.getByRole('button', { name: 'Open the sample' }).click({ trial: true })
    each.push(Math.round(performance.now() - app.launchedMs))
    await app.close()
  }
  return each
}

async function session() {
  const app = await openWindow()
  const memory = watchMemory(app)
  try {
    const openMs = await openModel(app)
    const pan = await panGraph(app.page)
    await app.page.getByText('Table', { exact: true }).click()
    const pauses = await sealSample(app)
    return { openMs, pan, pauses, largestMB: memory.stop() }
  } finally {
    memory.stop()
    await app.close()
  }
}

/** From the choice of the file until its verdict, and until its graph is painted; and the processor time of all processes until then. */
async function openModel({ application, page, pid }: OpenWindow) {
  await application.evaluate(({ dialog }, path) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [path] })
  }, model)
  const startedMs = performance.now()
  const spentMs = processorMs(pid)
  await page.getByRole('button', { name: 'Open an ONNX or TFLite file…' }).click()
  await page.getByText(/can(not)? be protected\./).waitFor()
  const verdict = Math.round(performance.now() - startedMs)
  await page.locator('.svelte-flow__node').first().waitFor()
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  return { verdict, graph: Math.round(performance.now() - startedMs), processor: processorMs(pid) - spentMs }
}

/** Of a process and of all below it, those that ended included; 0 where /proc does not tell. */
function processorMs(pid: number): number {
  if (process.platform !== 'linux') return 0
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  const parents = rows.map((row) => row.trim().split(/\s+/).map(Number))
  const family = [pid]
  for (const above of family) family.push(...parents.filter(([, parent]) => parent === above).map(([own]) => own))
  return family.reduce((sum, own) => sum + ticksOf(own), 0) * (1000 / ticksPerSecond)
}

/** Fields 14 to 17 of /proc/PID/stat: user and system time, its own and of children that it has waited for. */
function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  } catch {
    return 0
  }
}

/** Drags the graph up and down, and counts frames that came more than half a frame late. */
async function panGraph(page: Page) {
  const box = (await page.getByRole('group', { name: 'original network' }).boundingBox())!
  const [x, y] = [box.x + box.width * 0.8, box.y + box.height / 2]
  await page.evaluate(() => {
    const frames: number[] = []
    Object.assign(globalThis, { frames })
    const note = (ms: number): void => {
      frames.push(ms)
      requestAnimationFrame(note)
    }
    requestAnimationFrame(note)
  })
  await page.mouse.move(x, y)
  await page.mouse.down()
  const endMs = performance.now() + panMs
  for (let step = 0; performance.now() < endMs; step += 1) {
    await page.mouse.move(x, y + 180 * Math.sin(step / 12) - (step % 400) / 2)
  }
  await page.mouse.up()
  const frames = await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames)
  const gaps = frames.slice(1).map((ms, at) => ms - frames[at])
  const frameMs = 1000 / 60
  const late = gaps.filter((gap) => gap > 1.5 * frameMs)
  const dropped = late.reduce((sum, gap) => sum + Math.round(gap / frameMs) - 1, 0)
  const seconds = (frames.at(-1)! - frames[0]) / 1000
  return {
    framesPerSecond: Number(((frames.length - 1) / seconds).toFixed(1)),
    frames: frames.length,
    dropped,
    longestMs: Math.round(Math.max(...gaps)),
  }
}

/** Seals and runs the sample, and meanwhile times how long each main thread did not answer. */
async function sealSample({ application, page }: OpenWindow): Promise<{ page: number; main: number }> {
  await application.evaluate(({ Menu }) => {
    const items = Menu.getApplicationMenu()!.items.flatMap(({ submenu }) => submenu?.items ?? [])
    items.find(({ label }) => label === 'Open &Sample')!.click()
  })
  await page.getByText('lenet5.onnx').first().waitFor()
  await page.getByText('Every node can be protected.').waitFor()
  await page.getByRole('navigation', { name: 'Stages' }).getByRole('button', { name: 'Test' }).click()
  await application.evaluate(watchPauses)
  await page.evaluate(watchPauses)
  await page.getByRole('button', { name: 'Seal and run' }).click()
  await page.getByRole('table', { name: 'Comparison' }).waitFor({ timeout: patientMs })
  const read = () => (globalThis as unknown as { pauses: { longest: number } }).pauses.longest
  return { page: Math.round(await page.evaluate(read)), main: Math.round(await application.evaluate(read)) }
}

function watchPauses(): void {
  const tickMs = 5
  const pauses = { longest: 0, last: performance.now() }
  setInterval(() => {
    const now = performance.now()
    pauses.longest = Math.max(pauses.longest, now - pauses.last - tickMs)
    pauses.last = now
  }, tickMs)
  Object.assign(globalThis, { pauses })
}

/** The renderer's resident memory, which Electron gives in kB of 1024 bytes. */
function watchMemory({ application }: OpenWindow): { stop: () => number } {
  let largest = 0
  const timer = setInterval(() => {
    void application
      .evaluate(({ app }) => {
        const page = app.getAppMetrics().find(({ type }) => type === 'Tab')
        return (page?.memory.workingSetSize ?? 0) * 1024
      })
      .then((bytes) => (largest = Math.max(largest, bytes)))
      .catch(() => {})
  }, 500)
  return {
    stop: () => {
      clearInterval(timer)
      return Math.round(largest / 1e6)
    },
  }
}
