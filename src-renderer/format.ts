/** Numbers as people read them: SI units, thin spaces that do not break between groups, no false precision. */
const grouped = new Intl.NumberFormat('en', { useGrouping: true })

export const count = (value: number): string => grouped.format(value).replaceAll(',', '\u202f')

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)}\u00a0${value === 1 ? one : many}`

const prefixes = ['', 'k', 'M', 'G', 'T', 'P']

function scaled(value: number, unit: string): string {
  const step = Math.min(prefixes.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3))
  const number = value / 1000 ** step
  const digits = step === 0 || number >= 100 ? 0 : number >= 10 ? 1 : 2
  return `${number.toFixed(digits)}\u00a0${prefixes[step]}${unit}`
}

/** SI bytes: 1 kB is 1000 bytes. */
export const bytes = (value: number): string => scaled(value, 'B')

export const short = (value: number): string => scaled(value, '').trim()

export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))}\u00a0ms`
  if (seconds < 10) return `${seconds.toFixed(1)}\u00a0s`
  if (seconds < 119.5) return `${Math.round(seconds)}\u00a0s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}\u00a0min ${whole % 60}\u00a0s`
}

export const shape = (dims: readonly number[] | undefined): string => dims?.join('\u2009×\u2009') ?? '–'

/** Two significant digits below ten per cent, with a true minus. */
export function percent(fraction: number): string {
  const value = 100 * Math.abs(fraction)
  if (!Number.isFinite(value)) return 'no number'
  if (value === 0) return '0\u00a0%'
  const sign = fraction < 0 ? '−' : ''
  if (value < 0.0001) return `${sign}< 0.0001\u00a0%`
  const digits =
    value >= 1e6 ? value.toExponential(1) : value >= 10 ? value.toFixed(1) : `${Number(value.toPrecision(2))}`
  return `${sign}${digits}\u00a0%`
}

/** Three significant digits, with a true minus. */
export const figure = (value: number): string => Number(value.toPrecision(3)).toString().replace('-', '−')

const times = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
export const dateTime = (iso: string): string => times.format(new Date(iso))

export const capitalised = (words: string): string => words.slice(0, 1).toUpperCase() + words.slice(1)

/** A class as people read it: its number, and its name where there is one. */
export const classWords = (label: number, names?: readonly string[]): string =>
  names?.[label] ? `${label} ${names[label]}` : `${label}`
