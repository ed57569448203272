import { present } from './must.ts'

/**
 * Does in one go what is asked for while it is at work: disks take as long for one record as for ten. Each `add` resolves with
 * its own result once everything that was done with it is done, and rejects where that fails.
 */
export class Batched<Item, Result extends object | string | number | boolean> {
  readonly #work: (items: readonly Item[]) => Promise<readonly Result[]>
  /** What the next run takes. */
  #next: { readonly items: Item[]; readonly done: Promise<readonly Result[]> } | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** `work` gives a result for each item, in their order; it never runs twice at a time. */
  constructor(work: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#work = work
  }

  async add(item: Item): Promise<Result> {
    const { items, done } = (this.#next ??= this.#queue())
    const place = items.push(item) - 1
    return present((await done)[place])
  }

  /** Resolves when all that was added so far is done, or has failed. */
  async settled(): Promise<void> {
    await this.#last
  }

  #queue() {
    const items: Item[] = []
    const done = this.#last.then(() => {
      this.#next = undefined
      return this.#work(items)
    })
    this.#last = done.catch(() => {})
    return { items, done }
  }
}
