import { Option } from 'commander'
import type { RevealPolicy } from '../jobs/decrypt.ts'
import { positiveNumber } from './values.ts'

export type RevealMode = RevealPolicy['mode']

export const revealOption = (description: string): Option =>
  new Option('--reveal <what>', description).choices(['label', 'top-k', 'scores'])

export const topOption = (): Option =>
  new Option('--top <number>', 'how many labels top-k tells').argParser(positiveNumber).default(3)

export const policyOf = (mode: RevealMode, top: number): RevealPolicy =>
  mode === 'top-k' ? { mode, k: top } : { mode }
