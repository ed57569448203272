/** The class an output stands for: the largest score's, or the sign of a single one. */
export function labelOf(output: Float64Array): number {
  if (output.length === 1) return output[0] > 0 ? 1 : 0
  return output.reduce((best, value, i) => (value > output[best] ? i : best), 0)
}

/** How far the largest score leads the next; a single score's distance from 0. */
export function marginOf(output: Float64Array): number {
  if (output.length === 1) return Math.abs(output[0])
  let [first, second] = [-Infinity, -Infinity]
  for (const value of output) {
    if (value > first) [first, second] = [value, first]
    else if (value > second) second = value
  }
  return first - second
}

/** Share of the items for which the test holds; 0 of none. */
export function share<T>(items: readonly T[], holds: (item: T, index: number) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length
}

/** counts[truth][found]. */
export function confusionMatrix(truth: readonly number[], found: readonly number[], classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  truth.forEach((label, i) => (counts[label][found[i]] += 1))
  return counts
}
