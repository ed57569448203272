/** What is taken where nobody chose: the command line and the window read it here. */
import type { Split } from '../core/segment/cut.ts'
import { WHOLE } from '../core/segment/cut.ts'
import { PRESETS, type Preset } from './presets.ts'

interface Defaults {
  readonly preprocessing: Preset
  readonly split: Split
}

/** Of both. */
export const DEFAULTS = {
  degree: 2,
  input: 'encrypted',
  reveal: 'label',
  /** Share of jobs that are computed again. */
  auditRate: 0,
  /** Share of the labels that a deployment keeps at least. */
  minKept: 0.95,
} as const

/** Scripts name what they want: values stay as they are, and one bundle runs without its owner unless they say otherwise. */
export const COMMAND_LINE: Defaults = { preprocessing: PRESETS.none, split: WHOLE }

/**
 * The window shows what it begins with beside the data and the plan, so it begins where most networks end up: pixels of
 * 0 to 255 become 0 to 1, and a network that is too deep for one segment is cut.
 */
export const WINDOW: Defaults = { preprocessing: PRESETS.unit, split: { by: 'depth', kind: 'refresh' } }
