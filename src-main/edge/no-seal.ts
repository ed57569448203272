/** Instead of seal-fallback.ts in an edge without SEAL. */
export const sealFallback = undefined
