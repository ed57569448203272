import { relativeDifferences } from '../core/validate/relative-differences.ts'
import { median } from '../core/numeric/median.ts'
import type { Tested } from '../ipc/results.ts'
import type { TestRecord } from '../ipc/views.ts'

/** A test as the project's history keeps it. */
export function testRecordOf(
  what: string,
  { samples, isQuantity }: Pick<Tested, 'samples' | 'isQuantity'>,
): TestRecord {
  const difference = median(relativeDifferences(samples))
  return {
    when: new Date().toISOString(),
    what: what.slice(0, 200),
    samples: samples.length,
    ...(!isQuantity && { same: samples.filter(({ original, encrypted }) => original === encrypted).length }),
    seconds: median(samples.map(({ seconds }) => seconds)) ?? 0,
    ...(difference !== undefined && { difference }),
  }
}
