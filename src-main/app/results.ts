/**
 * What jobs found out about a network, kept in the person's profile beside its project: fits' plots, reports, comparisons
 * and exports, each with its date, its choices and the version that made it. No weights, keys or passphrases.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeAtomically } from '../files/write-atomically.ts'
import { jobResults, type JobName } from '../ipc/jobs.ts'
import { keptResult, type KeptResult } from '../ipc/views.ts'

/** Jobs whose results are kept. */
export const lastingJobs = ['advise', 'activations', 'validate', 'protect'] as const satisfies readonly JobName[]
export type LastingJob = (typeof lastingJobs)[number]

/** Of each kind, the newest. */
const mostOfAKind = 10

const resultFile = keptResult.extend({
  job: z.enum(lastingJobs),
  /** The bundle or folder that was exported; for main alone. */
  path: z.string().optional(),
})
export type ResultFile = z.infer<typeof resultFile>

/** Writes one result, and removes those of its kind that are too old. */
export async function keepResult(folder: string, result: ResultFile): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const name = `${result.when.replaceAll(/[:.]/g, '-')}-${result.job}.json`
  await writeAtomically(join(folder, name), { force: true, mode: 0o600 }, async (file) => {
    await file.writeFile(JSON.stringify(resultFile.parse(result)))
  })
  const alike = (await readdir(folder)).filter((other) => other.endsWith(`-${result.job}.json`)).sort()
  for (const old of alike.slice(0, -mostOfAKind)) await rm(join(folder, old), { force: true })
}

/** All that can still be read, newest first; a damaged file, or one of another version's shape, is left out. */
export async function keptResults(folder: string): Promise<ResultFile[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'))
  const results = await Promise.all(names.map((name) => readResult(join(folder, name))))
  return results.filter((result) => result !== undefined).sort((a, b) => (a.when < b.when ? 1 : -1))
}

async function readResult(path: string): Promise<ResultFile | undefined> {
  try {
    const result = resultFile.parse(JSON.parse(await readFile(path, 'utf8')))
    return { ...result, value: jobResults[result.job].parse(result.value) }
  } catch {
    return undefined
  }
}

/** As the page may see it: without paths. */
export const viewOfResult = ({ path: _, ...result }: ResultFile): KeptResult => result
