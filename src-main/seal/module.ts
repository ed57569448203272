import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { initialize, type MainModule } from 'node-seal/throws'
import { InternalError } from '../core/errors.ts'

/**
 * One WebAssembly instance of SEAL. Instances share nothing: an object of one is unknown to another.
 * The `throws` build refuses transparent ciphertexts, which would show their content.
 */
export interface Seal {
  readonly bindings: MainModule
  /** Linear memory; it grows up to 4 GiB and never shrinks. */
  readonly memory: WebAssembly.Memory
  readonly exports: WebAssembly.Exports
}

/** SEAL hangs for ever when 4 GiB are full, so we stop before. */
const heapLimitBytes = 4 * 2 ** 30 - 256 * 2 ** 20

let compiled: Promise<WebAssembly.Module> | undefined

/** The compiled program; post it to worker threads to save them the compilation. */
export const compileSeal = (): Promise<WebAssembly.Module> =>
  (compiled ??= WebAssembly.compile(readFileSync(wasmPath())))

type Instantiated = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void

/**
 * A new instance, of the program that is compiled already if it is given.
 * @throws InternalError if node-seal does not show its memory
 */
export async function loadSeal(module?: WebAssembly.Module): Promise<Seal> {
  const program = module ?? (await compileSeal())
  const { bindings, exports } = await new Promise<Pick<Seal, 'bindings' | 'exports'>>((resolve, reject) => {
    const instantiateWasm = (imports: WebAssembly.Imports, done: Instantiated): object => {
      WebAssembly.instantiate(program, imports).then((instance) => {
        bindingsMade.then((bindings) => resolve({ bindings, exports: instance.exports }), reject)
        done(instance, program)
      }, reject)
      return {}
    }
    const bindingsMade = initialize({ instantiateWasm })
  })
  const memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory)
  if (!memory) throw new InternalError('node-seal exports no memory')
  return { bindings, memory, exports }
}

/** Of an instance; it grows to 4 GiB and never shrinks. */
export const heapBytes = (seal: Seal): number => seal.memory.buffer.byteLength

/** Throws before an allocation that could fill the heap. */
export function checkHeap(seal: Seal): void {
  if (heapBytes(seal) > heapLimitBytes) {
    throw new InternalError('SEAL has used its 4 GiB of memory', {
      hint: 'Use more threads, or fewer images at once.',
    })
  }
}

/** Beside the bundled program in the edge artefact, in node-seal's package otherwise. */
function wasmPath(): string {
  const beside = fileURLToPath(new URL('seal_throws.wasm', import.meta.url))
  if (existsSync(beside)) return beside
  return fileURLToPath(new URL('seal_throws.wasm', import.meta.resolve('node-seal/throws')))
}
