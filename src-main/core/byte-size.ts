import { must } from './must.ts'

const factors = new Map(Object.entries({ '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }))

/** Bytes that a person wrote as 2000000000, 1500M, 2G or 1.5GiB: units are powers of 1024. Undefined for anything else. */
export function parseByteSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,15}(?:\.\d{1,9})?) ?([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  return digits === undefined ? undefined : Math.round(Number(digits) * must(factors, unit.toLowerCase()))
}
