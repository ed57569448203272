import { sha256 as digest } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** Instead of src-main/files/sha256.ts. */
export const sha256 = (bytes: Uint8Array): string => bytesToHex(digest(bytes))
