import { present } from '../core/must.ts'
import { workerData } from 'node:worker_threads'
import type { Register } from '../core/plan/plan.ts'
import type { ProgramItem } from '../core/plan/schedule.ts'
import { loadCiphertextParts, saveCiphertext, type Ciphertext, type SealValue } from '../seal/public.ts'
import { answerQuestions, type Tell } from '../workers/ask.ts'
import { Exchange, type ExchangeEnds } from '../workers/exchange.ts'
import { loadSegment, type LoadedSegment } from './load-segment.ts'
import { Bundle } from '../files/open-bundle.ts'
import { runProgram } from './run-program.ts'

export interface SegmentThreadSetup {
  readonly bundle: string
  /** The manifest that the main thread has verified. */
  readonly bundleSha256: string
  readonly segmentIndex: number
  readonly module: WebAssembly.Module
  readonly exchange: ExchangeEnds
  readonly program: readonly ProgramItem[]
  readonly outputs: readonly Register[]
}

/** The thread's share of a run. */
export interface SegmentThreadAnswer {
  readonly outputs: readonly (readonly [Register, Uint8Array])[]
  readonly heapBytes: number
}

/** Items between two notes of how many are done. */
const itemsPerNote = 8

const setup = workerData as SegmentThreadSetup

/** Made on the first question. */
let opened: Promise<{ segment: LoadedSegment; exchange: Exchange }> | undefined

async function open() {
  const bundle = await Bundle.reopen(setup.bundle, setup.bundleSha256)
  const segment = await loadSegment(bundle, setup.segmentIndex, setup.module)
  return { segment, exchange: new Exchange(setup.exchange) }
}

/** Runs an input; without one, resolves when the segment is loaded. */
answerQuestions(async (saved: readonly Uint8Array[] | undefined, tell: Tell<number>): Promise<SegmentThreadAnswer> => {
  const { segment, exchange } = await (opened ??= open())
  const outputs = saved ? run(segment, exchange, saved, tell) : []
  return { outputs, heapBytes: segment.heapBytes() }
})

function run(
  { context, evaluator, inputValue }: LoadedSegment,
  exchange: Exchange,
  saved: readonly Uint8Array[],
  tell: Tell<number>,
): SegmentThreadAnswer['outputs'] {
  const outputs = runProgram<SealValue>(setup.program, setup.outputs, {
    evaluator,
    input: (register) => inputValue(register, present(saved[register])),
    send: (register, value, to) => exchange.send(to, register, saveCiphertext(context, value as Ciphertext)),
    receive: (register) => loadCiphertextParts(context, exchange.receive(register)),
    beforeItem: (index) => {
      if (index % itemsPerNote === itemsPerNote - 1) tell(itemsPerNote)
    },
  })
  tell(setup.program.length % itemsPerNote)
  return [...outputs].map(([register, value]) => {
    const bytes = saveCiphertext(context, value as Ciphertext)
    evaluator.release(value)
    return [register, bytes]
  })
}
