import { randomBytes } from 'node:crypto'

/** A standard normal sample by Box and Muller's method, from uniforms in (0, 1]. */
export const gaussian = (uniform: () => number): number =>
  Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())

/** 53 bits of the system's generator: for noise that must hide something. */
export const secureUniform = (): number => (Number(randomBytes(8).readBigUInt64LE() >> 11n) + 1) / 2 ** 53

/** Fast and predictable: for simulations only. */
export const simulatedUniform = (): number => 1 - Math.random()
