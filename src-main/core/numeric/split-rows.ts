/** `count` rows of one length that lie in one block, as views of it. */
export const splitRows = (block: Float64Array, count: number): Float64Array[] => {
  const length = block.length / count
  return Array.from({ length: count }, (_, row) => block.subarray(row * length, (row + 1) * length))
}
