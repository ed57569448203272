import { present } from '../core/must.ts'
import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads'
import { InternalError } from '../core/errors.ts'

/** What one worker needs to pass bytes to the others; made by `createExchanges`, posted at start. */
export interface ExchangeEnds {
  readonly thread: number
  /** By thread; the own one is null. */
  readonly ports: readonly (MessagePort | null)[]
  /** Messages ever posted to each thread; waiting threads sleep on theirs. */
  readonly posted: SharedArrayBuffer
}

interface Parcel {
  readonly id: number
  readonly bytes: Uint8Array
}

/**
 * Bytes between worker threads, without the main thread. Sending hands the buffer over; receiving blocks the
 * worker until the parcel is there, since a plan runs synchronously. Not for the main thread.
 */
export class Exchange {
  readonly #ends: ExchangeEnds
  readonly #posted: Int32Array
  readonly #arrived = new Map<number, Uint8Array>()

  constructor(ends: ExchangeEnds) {
    this.#ends = ends
    this.#posted = new Int32Array(ends.posted)
  }

  send(to: number, id: number, bytes: Uint8Array): void {
    const port = this.#ends.ports[to]
    if (!port) throw new InternalError(`thread ${this.#ends.thread} has no port to thread ${to}`)
    const parcel: Parcel = { id, bytes }
    port.postMessage(parcel, [bytes.buffer as ArrayBuffer])
    Atomics.add(this.#posted, to, 1)
    Atomics.notify(this.#posted, to)
  }

  receive(id: number): Uint8Array {
    for (;;) {
      const seen = Atomics.load(this.#posted, this.#ends.thread)
      this.#takeAll()
      const bytes = this.#arrived.get(id)
      if (bytes) {
        this.#arrived.delete(id)
        return bytes
      }
      Atomics.wait(this.#posted, this.#ends.thread, seen)
    }
  }

  #takeAll(): void {
    for (const port of this.#ends.ports) {
      if (!port) continue
      for (let message = receiveMessageOnPort(port); message; message = receiveMessageOnPort(port)) {
        const { id, bytes } = message.message as Parcel
        this.#arrived.set(id, bytes)
      }
    }
  }
}

/** Connects `threads` workers with each other. */
export function createExchanges(threads: number): ExchangeEnds[] {
  const posted = new SharedArrayBuffer(4 * threads)
  const ports = Array.from({ length: threads }, () => new Array<MessagePort | null>(threads).fill(null))
  for (let a = 0; a < threads; a++) {
    for (let b = a + 1; b < threads; b++) {
      const { port1, port2 } = new MessageChannel()
      present(ports[a])[b] = port1
      present(ports[b])[a] = port2
    }
  }
  return ports.map((own, thread) => ({ thread, ports: own, posted }))
}

export const portsOf = ({ ports }: ExchangeEnds): MessagePort[] => ports.filter((port) => port !== null)
