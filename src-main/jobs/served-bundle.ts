/** One segment of a bundle, served on this machine by another process: for many inputs, which one start then does for. */
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { InternalError, UserError, type ErrorReport } from '../core/errors.ts'
import type { WorkContext } from '../core/progress.ts'
import type { BodyType } from '../edge/serve/body.ts'
import { edgeServe } from './edge-serve.ts'

export interface EdgeUsage {
  /** Of all its threads. */
  readonly cpuSeconds: number
  readonly residentBytes: number
}

/** An edge in a process of its own, which loads its segment once and computes on many inputs. */
export class ServedBundle {
  readonly loadSeconds: number
  readonly #url: string
  readonly #stop: () => Promise<void>

  private constructor(url: string, loadSeconds: number, stop: () => Promise<void>) {
    this.#url = url
    this.loadSeconds = loadSeconds
    this.#stop = stop
  }

  /** `segment` is counted from 0. @throws UserError what opening a bundle says, segment-elsewhere */
  static async open(
    bundle: string,
    segment: number,
    threads: number | undefined,
    work: WorkContext,
  ): Promise<ServedBundle> {
    const ending = new AbortController()
    const startedMs = performance.now()
    const signal = work.signal ? AbortSignal.any([work.signal, ending.signal]) : ending.signal
    let ended: Promise<unknown> = Promise.resolve()
    const url = await new Promise<string>((resolve, reject) => {
      const asked = { bundle, segments: `${segment + 1}`, port: 0, queue: 1, threads }
      const served = edgeServe(asked, { ...work, signal }, resolve)
      served.catch(reject)
      ended = served.catch(() => {})
    })
    return new ServedBundle(url, (performance.now() - startedMs) / 1000, async () => {
      ending.abort()
      await ended
    })
  }

  /** Computes on one input and writes the encrypted result. @returns seconds */
  async run(input: Uint8Array, type: BodyType, result: string, work: WorkContext): Promise<number> {
    const startedMs = performance.now()
    await writeFile(result, await post(new URL('/v1/run', this.#url), input, type, work))
    return (performance.now() - startedMs) / 1000
  }

  /** Of its process until now. */
  async usage(): Promise<EdgeUsage> {
    const metrics = await (await fetch(new URL('/metrics', this.#url))).text()
    const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1])
    return {
      cpuSeconds: value('process_cpu_seconds_total'),
      residentBytes: value('process_resident_memory_bytes'),
    }
  }

  async close(): Promise<void> {
    await this.#stop()
  }
}

/** Without a time limit: how long the edge computes is not known. */
async function post(url: URL, body: Uint8Array, type: BodyType, { signal }: WorkContext): Promise<Buffer> {
  const headers = { 'content-type': type, 'content-length': body.length }
  const { status, reply } = await new Promise<{ status: number; reply: Buffer }>((resolve, reject) => {
    const asked = request(url, { method: 'POST', headers, signal }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, reply: Buffer.concat(chunks) }))
    })
    asked.on('error', reject).end(body)
  })
  if (status === 200) return reply
  const { error } = JSON.parse(reply.toString()) as { error: ErrorReport }
  throw status < 500 ? new UserError(error.code, error.message, { hint: error.hint }) : new InternalError(error.message)
}
