/** Of a megabyte of bundle, in milliseconds of run time. Halves CryptoNets' bundle for a tenth of its time, and costs the other measured networks nothing. */
export const usualMsPerMegabyte = 2

/** At a lower price of bytes, moving and masking weights whenever an edge starts is not worth them. */
export const paysForMasks = (msPerMegabyte = usualMsPerMegabyte): boolean => msPerMegabyte >= usualMsPerMegabyte / 2
