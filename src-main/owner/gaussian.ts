import { randomBytes } from 'node:crypto'

/** A standard normal sample: Box and Muller's method on 53-bit uniforms of the system's generator. */
export const gaussian = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())

/** In (0, 1]. */
function uniform(): number {
  const bits = randomBytes(8).readBigUInt64LE() >> 11n
  return (Number(bits) + 1) / 2 ** 53
}
