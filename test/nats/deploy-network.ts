import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { silent } from '../../src-main/core/progress.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { compile } from '../../src-main/jobs/compile.ts'
import { exportCompiled } from '../../src-main/jobs/protect.ts'
import { sample } from '../../src-main/jobs/sample.ts'
import { Stopwatch } from '../../src-main/core/stopwatch.ts'
import { mnistSamples } from '../support/mnist-samples.ts'
import type { Deployment } from './cluster.ts'
import type { Question } from './trials.ts'

export interface DeployedNetwork extends Deployment {
  readonly cuts: readonly string[]
  /** MNIST images in turn, with the labels of the polynomial network in the clear. */
  readonly question: () => Question
}

/** Labels nearer than this to another are left to tests of precision. */
const leastMargin = 0.05

/** Protects LeNet-5, cut as `split` says on the command line, with audits if a rate is given. */
export async function deployLenet(folder: string, split: string, auditRate?: number): Promise<DeployedNetwork> {
  await mkdir(folder, { recursive: true })
  const { model, calibration, preprocessing } = sample
  const watch = new Stopwatch(silent)
  const request = {
    model,
    calibration,
    preprocessing,
    degree: 2,
    input: 'encrypted',
    split: parseSplit(split),
  } as const
  const compiled = await compile(request, silent, watch)
  const passphrase = randomBytes(24).toString('base64url')
  const keysFolder = join(folder, 'keys')
  const out = join(folder, 'lenet5.sealed')
  const exported = await exportCompiled(
    { model, keys: keysFolder, out, force: false, passphrase, auditRate },
    compiled,
    silent,
    watch,
  )
  const questions = mnistSamples(1000, 200).flatMap((input): Question[] => {
    const outputs = runLayers(compiled.polynomial, input)
    const label = outputs.indexOf(Math.max(...outputs))
    const margin = outputs[label] - Math.max(...outputs.filter((_, i) => i !== label))
    return margin > leastMargin ? [{ input, label }] : []
  })
  let turn = 0
  return {
    id: exported.deployment,
    bundle: out,
    keysFolder,
    passphrase,
    cuts: exported.cuts.map(({ after, kind }) => `${after}:${kind}`),
    question: () => questions[turn++ % questions.length],
  }
}
