import { parentPort, workerData } from 'node:worker_threads'
import { reportError, UserError, type ErrorReport } from '../core/errors.ts'
import type { Register } from '../core/plan/plan.ts'
import type { ProgramItem } from '../core/plan/schedule.ts'
import { loadCiphertextParts, saveCiphertext, type Ciphertext, type SealValue } from '../seal/public.ts'
import { Exchange, type ExchangeEnds } from '../workers/exchange.ts'
import { loadSegment, type LoadedSegment } from './load-segment.ts'
import { Bundle } from './open-bundle.ts'
import { runProgram } from './run-program.ts'
import type { RunInput } from './segment-runner.ts'

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

export type SegmentThreadMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'step'; readonly items: number }
  | {
      readonly kind: 'done'
      readonly outputs: readonly (readonly [Register, Uint8Array])[]
      readonly heapBytes: number
    }
  | { readonly kind: 'failed'; readonly error: ErrorReport; readonly isUserError: boolean }

/** Items between two progress messages. */
const itemsPerStep = 8

const port = parentPort!
const setup = workerData as SegmentThreadSetup
const answer = (message: SegmentThreadMessage): void => port.postMessage(message)
const fail = (error: unknown): void =>
  answer({ kind: 'failed', error: reportError(error), isUserError: error instanceof UserError })

try {
  const bundle = await Bundle.reopen(setup.bundle, setup.bundleSha256)
  const segment = await loadSegment(bundle, setup.segmentIndex, setup.module)
  const exchange = new Exchange(setup.exchange)
  port.on('message', ({ input }: { input: RunInput }) => {
    try {
      run(segment, exchange, input)
    } catch (error) {
      fail(error)
    }
  })
  answer({ kind: 'ready' })
} catch (error) {
  fail(error)
}

function run(segment: LoadedSegment, exchange: Exchange, input: RunInput): void {
  const { context, evaluator } = segment
  const outputs = runProgram<SealValue>(setup.program, setup.outputs, {
    evaluator,
    input: (register) => segment.inputValue(register, input),
    send: (register, value, to) => exchange.send(to, register, saveCiphertext(context, value as Ciphertext)),
    receive: (register) => loadCiphertextParts(context, exchange.receive(register)),
    beforeItem: (index) => {
      if (index % itemsPerStep === itemsPerStep - 1) answer({ kind: 'step', items: itemsPerStep })
    },
  })
  const saved = [...outputs].map(([register, value]): readonly [Register, Uint8Array] => {
    const bytes = saveCiphertext(context, value as Ciphertext)
    evaluator.release(value)
    return [register, bytes]
  })
  answer({ kind: 'step', items: setup.program.length % itemsPerStep })
  answer({ kind: 'done', outputs: saved, heapBytes: segment.heapBytes() })
}
