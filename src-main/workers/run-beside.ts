import { present } from '../core/must.ts'
import type { RunBeside, SideTask } from '../core/beside.ts'
import { AskedWorker } from './ask.ts'
import type { SideQuestion } from './side-thread.ts'

const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'side-thread$1'))

/** How many results a thread makes before they are asked for. */
const AHEAD = 4

/** A thread for each task. Its `next` throws what the task throws, or InternalError where the thread ends. */
export const runBeside: RunBeside = <Given, Made extends object>({ name }: SideTask<Given, Made>, given: Given) => {
  const thread = new AskedWorker<SideQuestion, Made | undefined>(threadUrl, {})
  const asked: Promise<Made | undefined>[] = []
  const ask = (question: SideQuestion): void => {
    const answer = thread.ask(question)
    // An answer that nobody waits for any more is no failure.
    answer.catch(() => {})
    asked.push(answer)
  }
  ask({ begin: name, given })
  for (let i = 0; i < AHEAD; i++) ask('next')
  const begun = present(asked.shift())
  return {
    next: async () => {
      await begun
      ask('next')
      return await present(asked.shift())
    },
    end: () => thread.end(),
  }
}
