/** Why a network's main action cannot be taken yet, for the person who looks at its disabled button. */
import type { ProjectView } from './api.ts'

const wanting = { calibration: 'Choose calibration data first.', inputs: 'Choose inputs to test first.' }

/** @returns undefined where nothing is missing */
export function whyNot(
  supported: boolean,
  choices: ProjectView['choices'],
  uses: readonly (keyof typeof wanting)[],
): string | undefined {
  if (!supported) return 'Some nodes of this network cannot be protected.'
  const missing = uses.find((use) => choices[use] === undefined)
  return missing && wanting[missing]
}
