/** Instead of other-formats.ts in the edge's folder, which is smaller for it. */
export const loadOtherFormats = (): readonly never[] => []
