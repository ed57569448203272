/** SEAL without the right to decrypt: what an edge may use. */
export { SealContext, type ContextOptions } from './context.ts'
export { loadCiphertext, loadCiphertextParts, loadPlaintext, saveCiphertext } from './ciphertext.ts'
export { expandPublicKey, PublicEncryptor } from './encrypt.ts'
export { SealEvaluator, type SealValue } from './evaluator.ts'
export { SealKeys } from './keys.ts'
export { compileSeal, heapBytes, loadSeal, type Seal } from './module.ts'
export { loadPacked, SealWeights } from './weights.ts'
export type { Ciphertext } from 'node-seal/throws'
