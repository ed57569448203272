import { workerData } from 'node:worker_threads'
import { CommandRing } from './command-ring.ts'
import type { PoolWorkerData } from './kernel-pool.ts'
import { instantiateKernels } from './wasm.ts'

const { module, memory, place, thread } = workerData as PoolWorkerData
new CommandRing(memory, instantiateKernels(module, memory), place, thread).serve()
