/**
 * A small discrete-event simulation: processes are generators that ask for time on servers, and servers take them in
 * turn. Times are in milliseconds.
 */

/** So many may use it at once; the others wait in line. */
export class Server {
  readonly name: string
  readonly places: number
  free: number
  readonly waiting: (() => void)[] = []
  busyMs = 0

  constructor(name: string, places: number) {
    this.name = name
    this.places = places
    this.free = places
  }
}

export type Wish =
  /** Time that passes without anybody's help. */
  | { readonly wait: number }
  /** Time on a server, in turns of `sliceMs` where others wait as well. */
  | { readonly use: Server; readonly ms: number; readonly sliceMs?: number }
  /** A place that is kept until it is given back. */
  | { readonly take: Server }
  | { readonly give: Server }

export type Process = Generator<Wish, void, void>

export class Simulation {
  nowMs = 0
  readonly #events: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = []
  #order = 0

  start(process: Process): void {
    const { done, value } = process.next()
    if (!done) this.#grant(value, () => this.start(process))
  }

  /** Until nothing is left to happen, or the time has come. */
  run(untilMs = Infinity): void {
    for (let event = this.#pop(); event; event = this.#pop()) {
      if (event.atMs > untilMs) return
      this.nowMs = event.atMs
      event.run()
    }
  }

  #grant(wish: Wish, then: () => void): void {
    if ('wait' in wish) this.#at(wish.wait, then)
    else if ('take' in wish) this.#take(wish.take, then)
    else if ('give' in wish) {
      this.#give(wish.give)
      then()
    } else this.#use(wish.use, wish.ms, wish.sliceMs ?? Infinity, then)
  }

  #use(server: Server, ms: number, sliceMs: number, then: () => void): void {
    this.#take(server, () => {
      const turnMs = Math.min(ms, sliceMs)
      server.busyMs += turnMs
      this.#at(turnMs, () => {
        this.#give(server)
        if (ms > turnMs) this.#use(server, ms - turnMs, sliceMs, then)
        else then()
      })
    })
  }

  #take(server: Server, then: () => void): void {
    if (server.free === 0) return void server.waiting.push(then)
    server.free -= 1
    then()
  }

  #give(server: Server): void {
    const next = server.waiting.shift()
    if (next) this.#at(0, next)
    else server.free += 1
  }

  #at(delayMs: number, run: () => void): void {
    const event = { atMs: this.nowMs + delayMs, order: this.#order++, run }
    const heap = this.#events
    let at = heap.push(event) - 1
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(event, heap[parent]); parent = (at - 1) >> 1) {
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = event
  }

  #pop() {
    const heap = this.#events
    const [first] = heap
    const last = heap.pop()
    if (!last || heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child += 1
      if (!isBefore(heap[child], last)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = last
    return first
  }
}

interface Ordered {
  readonly atMs: number
  readonly order: number
}

const isBefore = (a: Ordered, b: Ordered): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
