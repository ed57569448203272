import type { Bundle } from '../files/open-bundle.ts'
import { loadSegment } from './load-segment.ts'
import type { InputEncryptor } from './saved-inputs.ts'
import type { SegmentRunner } from './segment-runner.ts'
import { SingleRunner } from './single-runner.ts'
import { ThreadedRunner } from './threaded-runner.ts'

/** A segment on node-seal. The encryptor is the runner's from then on. @throws UserError damaged-bundle, damaged-data */
export async function loadSealRunner(
  bundle: Bundle,
  segmentIndex: number,
  threads: number,
  encryptor: InputEncryptor | undefined,
): Promise<SegmentRunner> {
  return threads > 1
    ? await ThreadedRunner.load(bundle, segmentIndex, threads, encryptor)
    : new SingleRunner(await loadSegment(bundle, segmentIndex), encryptor)
}
