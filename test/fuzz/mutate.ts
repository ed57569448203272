import { concatBytes } from '../../src-main/core/bundle/bytes.ts'

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type Random = ReturnType<typeof randomFrom>

const extremes = [0, 1, 0x7f, 0x80, 0xff]

/** Bytes flipped, set to extremes, cut, repeated, or grown. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let mutated: Uint8Array = Uint8Array.from(bytes)
  for (let changes = 1 + random(4); changes > 0; changes--) {
    // Structure sits at both ends, so half of the changes go there.
    const near = Math.min(mutated.length, 300)
    const place = [random(near), mutated.length - 1 - random(near), random(mutated.length), random(mutated.length)]
    const at = Math.max(0, place[random(4)])
    switch (random(6)) {
      case 0:
      case 1:
        mutated[at] ^= 1 << random(8)
        break
      case 2:
        mutated[at] = extremes[random(extremes.length)]
        break
      case 3:
        mutated = mutated.slice(0, at)
        break
      case 4:
        mutated.copyWithin(at, random(mutated.length), random(mutated.length))
        break
      case 5:
        mutated = concatBytes([mutated.subarray(0, at), new Uint8Array(random(64)), mutated.subarray(at)])
    }
    if (mutated.length === 0) return mutated
  }
  return mutated
}

const values = [null, true, -1, 0, 0.5, 1e308, 2 ** 31, 2 ** 53, '', '../../etc/passwd', 'x'.repeat(5000), [], {}]

/** One value somewhere in a JSON document replaced, removed, repeated, or added. */
export function mutateJson(document: unknown, random: Random): unknown {
  const copy = structuredClone(document)
  const places: [container: Record<string, unknown>, key: string][] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, child] of Object.entries(value)) {
      places.push([value as Record<string, unknown>, key])
      visit(child)
    }
  }
  visit(copy)
  const [container, key] = places[random(places.length)]
  const other = places[random(places.length)]
  switch (random(5)) {
    case 0:
      delete container[key]
      break
    case 1:
      container[`${key}2`] = container[key]
      break
    case 2:
      container[key] = structuredClone(other[0][other[1]])
      break
    case 3:
      container[key] =
        typeof container[key] === 'number' ? container[key] + [-1, 1, 1000][random(3)] : values[random(values.length)]
      break
    case 4:
      container[key] = values[random(values.length)]
  }
  return copy
}
