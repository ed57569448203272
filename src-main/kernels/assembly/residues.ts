import { MAGIC } from './packed'
import { reverseBits } from './roots'

/** SEAL's u64 words → f64 residues; 0 if one of them is not below p, else 1. */
export function importResidues(target: usize, source: usize, n: i32, p: f64): i32 {
  const magic = i64x2.splat(MAGIC)
  const bound = f64x2.splat(p)
  let wrong = i64x2.splat(0)
  for (let offset: usize = 0; offset < (<usize>n) << 3; offset += 16) {
    const word = v128.load(source + offset)
    const residue = f64x2.sub(v128.or(word, magic), magic)
    wrong = v128.or(wrong, v128.or(i64x2.shr_u(word, 52), f64x2.ge(residue, bound)))
    v128.store(target + offset, residue)
  }
  return v128.any_true(wrong) ? 0 : 1
}

export function exportResidues(target: usize, source: usize, n: i32): void {
  const magic = i64x2.splat(MAGIC)
  for (let offset: usize = 0; offset < (<usize>n) << 3; offset += 16) {
    v128.store(target + offset, v128.xor(f64x2.add(v128.load(source + offset), magic), magic))
  }
}

/**
 * For X → X^element in the transformed domain: permutation[i] is where a rotation puts coefficient i, that is
 * the index of the evaluation point whose exponent is point i's times the inverse of element modulo 2n.
 */
export function writePermutation(permutation: usize, n: i32, inverseElement: u32): void {
  const bits = ctz(n)
  const mask = <u32>(2 * n - 1)
  for (let i = 0; i < n; i++) {
    const exponent = ((2 * reverseBits(i, bits) + 1) * inverseElement) & mask
    store<u32>(permutation + ((<usize>i) << 2), reverseBits(exponent >> 1, bits))
  }
}
