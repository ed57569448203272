/** Figures for people. */

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** SI units, three figures: 449 MB. */
export function bytes(count: number): string {
  // Rounded first: 999,999 are 1.00 MB.
  const rounded = Number(Math.max(count, 1).toPrecision(3))
  const power = Math.min(Math.floor(Math.log10(rounded) / 3), BYTE_UNITS.length - 1)
  return power === 0 ? `${count} B` : `${(count / 1000 ** power).toPrecision(3)} ${BYTE_UNITS[power]}`
}

/** To the byte, as long as a file could have so many; what a damaged header claims may be far beyond. */
export const exactBytes = (count: number): string =>
  Number.isSafeInteger(count) ? `${grouped(count)} bytes` : 'more bytes than any file can have'

export function seconds(count: number): string {
  if (count > 0 && count < 0.0995) return `${Number((1000 * count).toPrecision(2))} ms`
  if (count < 59.95) return `${count < 9.995 ? count.toFixed(2) : count.toFixed(1)} s`
  const whole = Math.round(count)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Of an estimate: no finer than it is true. */
export function wholeSeconds(count: number): string {
  if (count < 90) return `${Math.max(1, Math.round(count))} s`
  return `${Math.round(count / 60)} min`
}

export const grouped = (count: number): string => count.toLocaleString('en')
export const times = (dims: readonly number[]): string => dims.join(' × ')
