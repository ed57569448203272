import { basename } from 'node:path'
import about from '../../package.json' with { type: 'json' }
import { deploymentWords } from '../core/compile/deployment-words.ts'
import type { ReportTable } from '../core/validate/report-rows.ts'
import type { CompileRequest } from './compile.ts'

/** What is measured, on what. */
export interface Measured extends Omit<CompileRequest, 'input' | 'batch' | 'msPerMegabyte'> {
  readonly data: string
  /** Where the data has none, or others; only agreements are reported where there are none at all. */
  readonly labels?: string
  /** How many samples are run encrypted too. */
  readonly encrypted: number
}

/** Where a report comes from: everything that one needs to make it again. Files are named without their folders. */
export function reportOrigin(request: Measured, sha256: string, date = new Date()): ReportTable['rows'] {
  const { model, calibration, calibrationLabels, data, labels, preprocessing, encrypted } = request
  const { degree, degrees = {}, splitPools = false, split = { by: 'cuts', cuts: [] }, target } = request
  const { scale, mean, std } = preprocessing
  const cuts = split.by === 'cuts' ? split.cuts : []
  const fitted =
    target === undefined ? deploymentWords({ degree, degrees, splitPools, split, cuts }) : 'chosen layer by layer'
  return [
    ['Date', date.toISOString()],
    ['Sealwright', about.version],
    ['Network', `${basename(model)}, SHA-256 ${sha256}`],
    ['Calibration data', basename(calibration)],
    ...(calibrationLabels === undefined ? [] : [['Tuned towards the classes of', basename(calibrationLabels)]]),
    ['Inputs', basename(data)],
    ['Labels', labels === undefined ? 'those of the inputs, if any' : basename(labels)],
    ['Preprocessing', `times ${Number(scale.toPrecision(6))}, less ${mean.join(', ')}, divided by ${std.join(', ')}`],
    ['Polynomials', fitted],
    ['Computed under encryption', `${encrypted} of the inputs`],
  ]
}
