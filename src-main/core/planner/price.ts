import type { PlanEstimate } from '../plan/estimate.ts'

/** Of a megabyte of bundle, in milliseconds of run time. Halves CryptoNets' bundle for a tenth of its time, and costs the other measured networks nothing. */
export const usualMsPerMegabyte = 2

/** Inputs that an edge answers between two starts, at least: each pays for so much of taking weights apart. */
const inputsPerStart = 100

/** What a plan is chosen by: its time, its share of loading, and its bytes at their price, in milliseconds. */
export const priceOf = (
  { seconds, expansionSeconds, bundleBytes }: Pick<PlanEstimate, 'seconds' | 'expansionSeconds' | 'bundleBytes'>,
  msPerMegabyte: number,
): number => 1000 * (seconds + expansionSeconds / inputsPerStart) + (msPerMegabyte * bundleBytes) / 1e6

/** At a lower price of bytes, moving and masking weights whenever an edge starts is not worth them. */
export const paysForMasks = (msPerMegabyte = usualMsPerMegabyte): boolean => msPerMegabyte >= usualMsPerMegabyte / 2
