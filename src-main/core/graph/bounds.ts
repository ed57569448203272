const largestFloat = 3.4028234663852886e38

/**
 * A number by itself that is infinite is a bound that nothing reaches, as Clip, Max and the padding in front of a
 * max-pool have it: it becomes the largest number of float32, and all else stays as it is.
 */
export function withFiniteBound(shape: readonly number[], data: Float64Array): Float64Array {
  return shape.length === 0 && Math.abs(data[0] ?? 0) === Infinity ? data.map((x) => Math.sign(x) * largestFloat) : data
}
