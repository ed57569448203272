import { randomBytes } from 'node:crypto'

/** 53 bits of the system's generator: for noise that must hide something. */
export const secureUniform = (): number => (Number(randomBytes(8).readBigUInt64LE() >> 11n) + 1) / 2 ** 53
