import { runHere, type SideRun } from '../core/beside.ts'
import { sideTasks } from '../core/compile/side-tasks.ts'
import { present } from '../core/must.ts'
import { answerQuestions } from './ask.ts'

/** First the task with what it is given; then only what is next. */
export type SideQuestion = 'next' | { readonly begin: string; readonly given: unknown }

let run: SideRun<object> | undefined

/** One task of core, whose results are made ahead of the questions that have arrived. */
answerQuestions(async (question: SideQuestion): Promise<object | undefined> => {
  if (question === 'next') return await present(run).next()
  const task = present(sideTasks.find(({ name }) => name === question.begin))
  run = runHere(task, question.given as never)
  return undefined
})
