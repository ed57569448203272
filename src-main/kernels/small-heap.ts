import type { ResourceLimits } from 'node:worker_threads'

/**
 * For a thread that computes in WebAssembly, whose objects are few. V8 would let its young heap grow to 48 MiB and keep
 * that as long as the thread lives (Node 24.21).
 */
export const SMALL_HEAP: ResourceLimits = { maxYoungGenerationSizeMb: 6 }
