/**
 * Work that another thread can do: what it is given and what it makes one after the other can be cloned. Threads find it by its name
 * (`core/compile/side-tasks.ts`).
 */
export interface SideTask<Given, Made extends object> {
  readonly name: string
  readonly run: (given: Given) => Iterable<Made> | AsyncIterable<Made>
}

/** A task that has begun. Whoever begins one ends it, whatever happens between. */
export interface SideRun<Made> {
  /** What it makes next; undefined behind the last. @throws what the task throws */
  next(): Promise<Made | undefined>
  end(): Promise<void>
}

/** Begins a task in a thread of its own, at once. */
export type RunBeside = <Given, Made extends object>(task: SideTask<Given, Made>, given: Given) => SideRun<Made>

/** What a thread may be given: it holds a copy. */
const MOST_COPIED_BYTES = 2 ** 29

/** Begins a task in a thread, where there is one and `bytes` of what it is given are not too many; else all is made here, when it is asked for. */
export function beside<Given, Made extends object>(
  { runBeside = runHere }: { readonly runBeside?: RunBeside },
  task: SideTask<Given, Made>,
  given: Given,
  bytes: number,
): SideRun<Made> {
  return bytes <= MOST_COPIED_BYTES ? runBeside(task, given) : runHere(task, given)
}

export const runHere: RunBeside = <Given, Made extends object>({ run }: SideTask<Given, Made>, given: Given) => {
  const made = (async function* () {
    yield* run(given)
  })()
  return {
    next: async () => {
      const { done, value } = await made.next()
      return done ? undefined : value
    },
    end: async () => {
      await made.return()
    },
  }
}
