import type { PlanEstimate } from '../plan/estimate.ts'

/** Of a megabyte of bundle, or of an input, in milliseconds of run time. Halves CryptoNets' bundle for a tenth of its time, and costs the other measured networks nothing. */
export const usualMsPerMegabyte = 2

/** Inputs that an edge answers between two starts, at least: each pays for so much of taking weights apart. */
const inputsPerStart = 100

/** What a plan is chosen by: its time, its share of loading, and its bytes at their price, in milliseconds. */
export const priceOf = (
  estimate: Pick<PlanEstimate, 'seconds' | 'expansionSeconds' | 'bundleBytes' | 'inputBytes'>,
  msPerMegabyte: number,
): number => {
  const { seconds, expansionSeconds, bundleBytes, inputBytes } = estimate
  return 1000 * (seconds + expansionSeconds / inputsPerStart) + (msPerMegabyte * (bundleBytes + inputBytes)) / 1e6
}

/** At a lower price of bytes, moving and masking weights whenever an edge starts is not worth them. */
export const paysForMasks = (msPerMegabyte = usualMsPerMegabyte): boolean => msPerMegabyte >= usualMsPerMegabyte / 2

/**
 * Leaving out keys whose steps are sums of others is for prices above the usual one. At the usual price it made a plan of LeNet-5 the
 * cheapest that takes 48 MB instead of 151, and 1.5 times the time, four times the loading and 1.35 times the memory.
 */
export const paysForSums = (msPerMegabyte = usualMsPerMegabyte): boolean => msPerMegabyte > usualMsPerMegabyte
