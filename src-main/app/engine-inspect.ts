import type { WorkContext } from '../core/progress.ts'
import type { Inspection } from '../ipc/network.ts'
import { describe } from '../jobs/describe.ts'
import { inspect } from '../jobs/inspect.ts'

export async function inspectForWindow(request: { readonly model: string }, work: WorkContext): Promise<Inspection> {
  return { ...(await inspect({ ...request, estimate: false }, work)), pictures: await describe(request, work) }
}
