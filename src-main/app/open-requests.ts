/** Files that the operating system asks to open: by argument, by a second start, or (macOS) by an event. */
import { resolve } from 'node:path'

const ours = /\.(onnx|tflite|sealproj|sealed|result)$/i

/** The first argument after the program that names one of our files. Options are no files, whatever they end in. */
export function fileArgument(args: readonly string[], folder: string): string | undefined {
  const found = args.slice(1).find((argument) => !argument.startsWith('-') && ours.test(argument))
  return found === undefined ? undefined : resolve(folder, found)
}

/** Holds the file until the window asks for it. */
export class OpenRequests {
  #pending: string | undefined
  readonly #tell: () => void

  /** `tell` is called when there is something to take. */
  constructor(tell: () => void) {
    this.#tell = tell
  }

  put(path: string | undefined): void {
    if (path === undefined) return
    this.#pending = path
    this.#tell()
  }

  take(): string | undefined {
    const path = this.#pending
    this.#pending = undefined
    return path
  }
}
