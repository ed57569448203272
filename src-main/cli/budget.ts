import type { BudgetReport } from '../jobs/keys.ts'
import type { PlanResult } from '../jobs/plan.ts'
import { table } from './table.ts'
import { grouped } from '../core/units.ts'

const bits = (value: number): string => value.toFixed(1)

/** With audits it is not answers that are counted, unless they are scores. */
export function leftOf({ answersLeft, audit }: BudgetReport): string {
  if (answersLeft === 0 || audit?.catchesLeft === 0) return 'none: export again'
  const counted = answersLeft === null ? [] : [grouped(answersLeft)]
  return [...counted, ...(audit ? [`audited at ${audit.rate}`] : [])].join(', ')
}

/** What a deployment has given away, for people. */
export function budgetPairs(budget: BudgetReport): [string, string][] {
  const { bitsSpent, bitsAllowed, bitsPerAnswer, audit, audits, edgesBlocked } = budget
  return [
    ['bits spent', `${bits(bitsSpent)} of ${bits(bitsAllowed)}, ${bits(bitsPerAnswer)} an answer`],
    ['answers left', leftOf(budget)],
    ...(audit ? [auditRow(audit)] : []),
    ['audits', `${grouped(audits.passed)} passed, ${grouped(audits.failed)} failed`],
    ['edges blocked', grouped(edgesBlocked)],
  ]
}

const auditRow = ({ rate, bitsBeforeCaught }: NonNullable<BudgetReport['audit']>): [string, string] => [
  'audit rate',
  `${rate}: ${bits(bitsBeforeCaught)} bits before an edge is caught, ${percent(rate)} more computing`,
]

/** What an edge may learn under each policy and audit rate, and what audits cost, before anything is exported. */
export function forecastText({ bitsAllowed, answers }: PlanResult['budget']): string {
  if (answers.length === 0) {
    return `Answers tell quantities, as often as --releases says; ${bits(bitsAllowed)} bits may be given away, and protect measures what one takes.`
  }
  const rows = answers.flatMap(({ reveal, answers: unaudited, audited }) => [
    [reveal, 'no audits', `${grouped(unaudited)} answers in all`, 'none'],
    ...audited.map(({ rate, bitsBeforeCaught }) => [
      reveal,
      `--audit ${rate}`,
      bitsBeforeCaught <= bitsAllowed ? `${bits(bitsBeforeCaught)} bits before it is caught` : 'too much: audit more',
      percent(rate),
    ]),
  ])
  const title = `What an edge that lies may get, of ${bits(bitsAllowed)} bits that may be given away:`
  return `${title}\n${table(['reveal', 'audits', 'an edge gets', 'more computing'], rows)}`
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`

/** What a policy lets edges get, where it is chosen. */
export const policyPairs = (budget: BudgetReport): [string, string][] =>
  budget.audit
    ? [
        auditRow(budget.audit),
        ...(budget.answersLeft === null ? [] : [['answers', scoresOf(budget.answersLeft)] as [string, string]]),
      ]
    : [['answers', `${answersOf(budget)} (more with --audit)`]]

/** Their noise is sized for so many, audits or not. */
const scoresOf = (left: number): string => `${grouped(left)}, as many as the noise of scores is sized for (--releases)`

/** Nothing has been spent where a policy is chosen: none are left where one takes more than there is. */
const answersOf = ({ answersLeft, bitsAllowed, bitsPerAnswer }: BudgetReport): string =>
  answersLeft === 0
    ? `none that an edge may see: one takes ${bits(bitsPerAnswer)} bits of ${bits(bitsAllowed)}`
    : `${grouped(answersLeft ?? 0)} that an edge may see, ${bits(bitsAllowed)} bits`

export const budgetText = (budget: BudgetReport & { readonly deployment: string }): string =>
  `${budget.deployment}: ${bits(budget.bitsSpent)} of ${bits(budget.bitsAllowed)} bits spent, answers left: ${leftOf(budget)}`
