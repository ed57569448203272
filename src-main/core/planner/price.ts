import type { PlanEstimate } from '../plan/estimate.ts'

/** Of a megabyte of bundle, in milliseconds of run time. Halves CryptoNets' bundle for a tenth of its time, and costs the other measured networks nothing. */
export const usualMsPerMegabyte = 2

/** What a plan is chosen by: its time, and its bytes at their price, in milliseconds. */
export const priceOf = (
  { seconds, bundleBytes }: Pick<PlanEstimate, 'seconds' | 'bundleBytes'>,
  msPerMegabyte: number,
): number => 1000 * seconds + (msPerMegabyte * bundleBytes) / 1e6

/** At a lower price of bytes, moving and masking weights whenever an edge starts is not worth them. */
export const paysForMasks = (msPerMegabyte = usualMsPerMegabyte): boolean => msPerMegabyte >= usualMsPerMegabyte / 2
