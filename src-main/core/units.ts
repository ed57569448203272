/** Figures for people. */

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** SI units, three figures: 449 MB. */
export function bytes(count: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), BYTE_UNITS.length - 1)
  return power === 0 ? `${count} B` : `${(count / 1000 ** power).toPrecision(3)} ${BYTE_UNITS[power]}`
}

export function seconds(count: number): string {
  if (count < 60) return `${count < 10 ? count.toFixed(2) : count.toFixed(1)} s`
  return `${Math.floor(count / 60)} min ${Math.round(count % 60)} s`
}

/** Of an estimate: no finer than it is true. */
export function wholeSeconds(count: number): string {
  if (count < 90) return `${Math.max(1, Math.round(count))} s`
  return `${Math.round(count / 60)} min`
}

export const grouped = (count: number): string => count.toLocaleString('en')
export const times = (dims: readonly number[]): string => dims.join(' × ')
