import { present } from '../core/must.ts'
import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { WorkContext } from '../core/progress.ts'
import { reportCsv } from '../core/validate/report-csv.ts'
import { reportHtml } from '../core/validate/report-html.ts'
import { layerTable, networkTable } from '../core/validate/report-rows.ts'
import type { Accuracy } from '../ipc/accuracy.ts'
import { reportOrigin } from '../jobs/report-origin.ts'
import { validate, type ValidateRequest } from '../jobs/validate.ts'
import { picturesOf } from './engine-pictures.ts'

export interface ValidateJobRequest extends ValidateRequest {
  /** A folder that gets `report.html` and `report.csv`, for the person to save. */
  readonly reports: string
}

export async function validateForWindow(request: ValidateJobRequest, work: WorkContext): Promise<Accuracy> {
  const report = await validate(request, work)
  await writeFile(
    join(request.reports, 'report.html'),
    reportHtml(report, basename(request.model), reportOrigin(request, report.sha256)),
  )
  await writeFile(join(request.reports, 'report.csv'), reportCsv(report))
  const pictures = await picturesOf(
    request.data,
    request.preprocessing,
    report.worst.map(({ index }) => index),
  )
  return {
    ...report,
    networkTable: networkTable(report),
    layerTable: layerTable(report),
    worst: report.worst.map((sample, at) => ({ ...sample, picture: present(pictures[at]) })),
  }
}
