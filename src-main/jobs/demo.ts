import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../core/errors.ts'
import type { WorkContext } from '../core/progress.ts'
import { writeProblem } from '../files/write-atomically.ts'
import { sample } from './sample.ts'
import { trial, type TrialResult } from './trial.ts'

export interface DemoRequest {
  /** Must not exist; a new temporary folder where it is left open. */
  readonly folder?: string
  readonly threads?: number
}

/** In the order of the MNIST test images. */
const DIGITS = [7, 2, 1]

/** A fifth of what is usual: a demonstration should not take long, and all else of it stays as it is. */
const TUNING_EPOCHS = 10

/** The whole job on the sample network and three digits. @throws UserError output-exists, not-writable, disk-full */
export async function demo({ folder, threads }: DemoRequest, work: WorkContext): Promise<TrialResult> {
  const { model, calibration, preprocessing, digits } = sample
  const inputs = DIGITS.map((digit) => ({ path: join(digits, `${digit}.png`), index: 0, truth: digit }))
  const into = folder === undefined ? await mkdtemp(join(tmpdir(), 'sealwright-demo-')) : await newFolder(folder)
  const request = {
    model,
    calibration,
    preprocessing,
    degree: 2,
    tuningEpochs: TUNING_EPOCHS,
    input: 'encrypted',
    inputs,
    folder: into,
    threads,
  } as const
  try {
    return await trial(request, work)
  } catch (error) {
    await rm(into, { recursive: true, force: true })
    throw error
  }
}

async function newFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder)
    return folder
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeProblem(error, folder)
    throw new UserError('output-exists', `${folder} exists.`, { where: { file: folder }, hint: 'Name a new folder.' })
  }
}
