/**
 * Integer lists as arithmetic runs, flattened: first, step, count, first, step, count, … Packings follow
 * rows and strides, so they shrink to a few runs.
 */
export function toRuns(values: Int32Array): number[] {
  const runs: number[] = []
  let start = 0
  while (start < values.length) {
    const step = start + 1 < values.length ? values[start + 1] - values[start] : 0
    let end = start + 1
    while (end < values.length && values[end] - values[end - 1] === step) end += 1
    // A pair that happens to differ by something is better left to begin the next run.
    if (end - start === 2 && end < values.length) end -= 1
    runs.push(values[start], end - start === 1 ? 0 : step, end - start)
    start = end
  }
  return runs
}

/** How many values runs unfold to, without unfolding them. */
export function lengthOfRuns(runs: readonly number[]): number {
  let length = 0
  for (let i = 2; i < runs.length; i += 3) length += Math.max(0, runs[i])
  return length
}

/** Undefined where the runs are malformed or hold more than `maxLength` values, or any outside [least, most]. */
export function fromRuns(
  runs: readonly number[],
  maxLength: number,
  least: number,
  most: number,
): Int32Array | undefined {
  if (runs.length % 3 !== 0) return undefined
  let length = 0
  for (let i = 0; i < runs.length; i += 3) {
    const [first, step, count] = [runs[i], runs[i + 1], runs[i + 2]]
    const last = first + step * (count - 1)
    if (count < 1 || Math.min(first, last) < least || Math.max(first, last) > most) return undefined
    length += count
    if (length > maxLength) return undefined
  }
  const values = new Int32Array(length)
  let at = 0
  for (let i = 0; i < runs.length; i += 3) {
    for (let k = 0; k < runs[i + 2]; k++) values[at++] = runs[i] + k * runs[i + 1]
  }
  return values
}
