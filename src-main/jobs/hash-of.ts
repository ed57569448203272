import { createHash, type Hash } from 'node:crypto'

/**
 * SHA-256 of plain data in hexadecimal: equal for equal values, whatever object they are held by. Keys are taken in order
 * of their names, and undefined fields are left out.
 * v8.serialize would not do: it writes a number by how the engine holds it, which changes as code is optimised.
 */
export function hashOf(value: unknown): string {
  const hash = createHash('sha256')
  add(hash, value)
  return hash.digest('hex')
}

function add(hash: Hash, value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    hash.update(`${value.constructor.name} ${value.byteLength}:`)
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  } else if (Array.isArray(value) || value instanceof Set) {
    hash.update(`[${value instanceof Set ? value.size : value.length}:`)
    for (const item of value) add(hash, item)
  } else if (value instanceof Map) {
    hash.update(`map ${value.size}:`)
    for (const entry of value) add(hash, entry)
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined)
    hash.update(`{${entries.length}:`)
    for (const entry of entries.sort(([a], [b]) => (a < b ? -1 : 1))) add(hash, entry)
  } else {
    const text = String(value)
    hash.update(`${typeof value} ${text.length}:${text}`)
  }
}
