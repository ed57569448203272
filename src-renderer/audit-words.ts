/** What the window says of audits. */
import type { ProjectView, SplitPlan } from './api.ts'
import { count, plural } from './format.ts'

type Choices = Pick<ProjectView['choices'], 'auditRate' | 'reveal'>
type Budget = SplitPlan['budget']

/** What an edge that lies can get, and what finding out costs; in figures once the network is planned. */
export function auditWords({ auditRate, reveal }: Choices, budget: Budget | undefined): string {
  const answer = budget?.answers.find((each) => each.reveal === reveal)
  const allowed = budget && `${count(Math.floor(budget.bitsAllowed))} bits`
  if (auditRate === 0) {
    const spent =
      answer && allowed !== undefined
        ? `This network may give away ${allowed}, which is ${plural(answer.answers, 'answer')}; after that, export it again.`
        : 'What may be given away is counted; when it is spent, export the network again.'
    return `Every answer that the edge can see may give away a piece of the key. ${spent} Audits allow more answers.`
  }
  const bits = Math.ceil(answer?.audited.find(({ rate }) => rate === auditRate)?.bitsBeforeCaught ?? 0)
  return [
    `An auditor without keys computes ${count(auditRate * 100)} % of the jobs again before they are answered, and an edge that lied is blocked.`,
    ...(answer && allowed !== undefined
      ? [`Until then it gets ${count(bits)} bits on average, of the ${allowed} that this network may give away.`]
      : []),
    'Start the auditor with “sealwright audit serve”.',
  ].join(' ')
}
