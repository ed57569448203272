import { basename } from 'node:path'
import about from '../../package.json' with { type: 'json' }
import { deploymentWords } from '../core/compile/deployment-words.ts'
import type { ReportTable } from '../core/validate/report-rows.ts'
import type { ValidateRequest } from './validate.ts'

/** Where a report comes from: everything that one needs to make it again. Files are named without their folders. */
export function reportOrigin(request: ValidateRequest, sha256: string, date = new Date()): ReportTable['rows'] {
  const { model, calibration, data, labels, preprocessing, encrypted } = request
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
    ['Inputs', basename(data)],
    ['Labels', labels === undefined ? 'those of the inputs, if any' : basename(labels)],
    ['Preprocessing', `times ${Number(scale.toPrecision(6))}, less ${mean.join(', ')}, divided by ${std.join(', ')}`],
    ['Polynomials', fitted],
    ['Computed under encryption', `${encrypted} of the inputs`],
  ]
}
