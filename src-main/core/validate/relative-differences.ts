interface Difference {
  readonly maxAbsDifference?: number
  readonly maxAbsLogit?: number
}

/** What encryption adds to each sample, over the largest |score| of the polynomial network; not of noise, nor where all scores are 0. */
export const relativeDifferences = (samples: readonly Difference[]): number[] =>
  samples.flatMap(({ maxAbsDifference, maxAbsLogit }) =>
    maxAbsDifference === undefined || !maxAbsLogit ? [] : [maxAbsDifference / maxAbsLogit],
  )
