/**
 * Networks of MLPerf Tiny from their files to decrypted labels, as docs/edge-suite.md:
 *
 *     npm run suite -- FOLDER [--networks FILE] [--only NAME,…] [--deployments exact,two-refreshes,offline]
 *         [--encrypted 20] [--max-memory 4G] [--json FILE] [--page FILE]
 *
 * FILE (networks.json unless told) names the networks, with paths in FOLDER. The page and the JSON are written after each
 * row; rows that the JSON has of an earlier run are kept where this run makes no others, so that a long suite can be run
 * in parts. The JSON is {date, node, machine, rows}; src-main/jobs/suite-row.ts says what a row is.
 */
import { readFile } from 'node:fs/promises'
import { cpus, freemem } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { answer } from '../../src-main/cli/command.ts'
import { parseByteSize } from '../../src-main/core/byte-size.ts'
import { UserError } from '../../src-main/core/errors.ts'
import { readText } from '../../src-main/files/read-file.ts'
import { writeAtomically } from '../../src-main/files/write-atomically.ts'
import { PRESET_NAMES, PRESETS } from '../../src-main/jobs/presets.ts'
import { runSuite, type SuiteNetwork } from '../../src-main/jobs/suite.ts'
import { DEPLOYMENTS, type Deployment, type SuiteRow } from '../../src-main/jobs/suite-row.ts'
import { suitePage } from './page.ts'
import { argumentsOf } from '../arguments.ts'

const named = z.strictObject({
  network: z.string(),
  task: z.string(),
  model: z.string(),
  preset: z.enum(PRESET_NAMES).optional(),
  data: z.union([
    z.strictObject({
      ...{ calibration: z.string(), test: z.string(), labels: z.string().optional() },
      maxSamples: z.int().min(10).optional(),
    }),
    z.strictObject({ mean: z.number(), deviation: z.number().positive(), samples: z.int().min(10) }),
  ]),
})

const { positionals, values: options } = argumentsOf({
  allowPositionals: true,
  options: {
    networks: { type: 'string', default: join(import.meta.dirname, 'networks.json') },
    only: { type: 'string', default: '' },
    deployments: { type: 'string', default: DEPLOYMENTS.join(',') },
    encrypted: { type: 'string', default: '20' },
    'max-memory': { type: 'string' },
    json: { type: 'string' },
    page: { type: 'string', default: 'docs/edge-suite.md' },
  },
})

await answer(false, async (work) => {
  if (positionals.length !== 1) throw usage('Name the folder that holds the networks and their data.')
  const folder = resolve(positionals[0])
  const all = await readNetworks(options.networks)
  const only = options.only.split(',')
  const networks = all.filter(({ network }) => only.some((name) => network.includes(name)))
  if (networks.length === 0) throw usage(`No network is called ${options.only}.`)
  const request = {
    networks: networks.map((entry) => suiteNetwork(entry, folder)),
    deployments: options.deployments.split(',').map(deployment),
    encrypted: wholeNumber(options.encrypted),
    maxMemoryBytes: mostMemory(options['max-memory']),
  }
  const before = options.json === undefined ? [] : await rowsBefore(options.json)
  const write = async (made: readonly SuiteRow[]): Promise<void> => {
    const rows = [...before.filter((row) => !made.some((other) => isSame(row, other))), ...made]
    const result = { date: new Date().toISOString().slice(0, 10), node: process.version, machine: machine(), rows }
    const save = (path: string, text: string) => writeAtomically(path, { force: true }, (file) => file.writeFile(text))
    if (options.json !== undefined) await save(options.json, `${JSON.stringify(result, null, 2)}\n`)
    await save(options.page, suitePage(all, result))
  }
  const made: SuiteRow[] = []
  await runSuite(request, work, async (row) => {
    made.push(row)
    await write(made)
  })
  return { json: {}, text: `${options.page}: ${made.length} rows of this run` }
})

type Named = z.infer<typeof named>

async function readNetworks(path: string): Promise<Named[]> {
  const text = await readText(path)
  try {
    return z.array(named).parse(JSON.parse(text))
  } catch (cause) {
    throw new UserError('usage', `${path} is not a list of networks.`, { where: { file: path }, cause })
  }
}

function suiteNetwork({ network, model, preset = 'none', data }: Named, folder: string): SuiteNetwork {
  const inFolder = (path: string): string => resolve(folder, path)
  const found =
    'deviation' in data
      ? data
      : {
          ...data,
          ...{ calibration: inFolder(data.calibration), test: inFolder(data.test) },
          ...(data.labels !== undefined && { labels: inFolder(data.labels) }),
        }
  return { network, model: inFolder(model), preprocessing: PRESETS[preset], data: found }
}

function deployment(name: string): Deployment {
  const found = DEPLOYMENTS.find((known) => known === name)
  if (found) return found
  throw usage(`--deployments takes ${DEPLOYMENTS.join(', ')}.`)
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw usage('--encrypted takes a whole number above 0.')
}

/** Three quarters of what is free, so that the machine does not begin to swap. */
function mostMemory(text: string | undefined): number {
  const bytes = text === undefined ? 0.75 * freemem() : parseByteSize(text)
  if (bytes !== undefined) return bytes
  throw usage('--max-memory takes a size, as 2000000000, 1500M or 4G.')
}

async function rowsBefore(path: string): Promise<SuiteRow[]> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return []
  try {
    return (JSON.parse(text) as { rows: SuiteRow[] }).rows
  } catch (cause) {
    throw new UserError('usage', `${path} is no earlier result of the suite.`, { where: { file: path }, cause })
  }
}

function isSame(one: SuiteRow, other: SuiteRow): boolean {
  return one.network === other.network && one.deployment === other.deployment
}

function usage(message: string): UserError {
  return new UserError('usage', message)
}

function machine(): string {
  return `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`
}
