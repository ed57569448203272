import { encoderTables, encodingFactor } from './encoding.ts'
import { modPow } from '../core/numeric/primes.ts'
import { inverse, primitiveRoot } from './number-theory.ts'
import { must } from '../core/must.ts'

/*
 * Encryption from a key in plain numbers: what docs/kernels.md specifies, word for word what the kernels give. It is for
 * machines without them, and their oracle in tests.
 */

export interface PortableChain {
  readonly n: number
  /** Data primes of the plan, the special one last. */
  readonly primes: readonly bigint[]
  /** Both parts of the public key over all of them. */
  readonly publicKey: BigUint64Array
}

/** Slots encrypted at the level with `primes` primes: residues [part][prime][coefficient], transformed, bit-reversed. */
export function encryptPortably(
  chain: PortableChain,
  slots: Float64Array,
  level: { readonly primes: number; readonly scale: number },
  key: Uint8Array,
): BigUint64Array {
  const { n, primes, publicKey } = chain
  const count = level.primes
  const divisorIndex = count < primes.length - 1 ? count : primes.length - 1
  const divisor = primes[divisorIndex]
  const message = Array.from(encodePortably(slots, level.scale, n), BigInt)
  const mask = drawTernary(n, key)
  const errors = [drawBinomial(n, key, 2), drawBinomial(n, key, 3)]
  const rootsOf = new Map(primes.map((prime) => [prime, transformRoots(prime, n)]))
  const transformed = (values: readonly bigint[], prime: bigint): bigint[] =>
    forward(values, prime, must(rootsOf, prime).roots)
  const masked = (part: number, index: number): bigint[] => {
    const start = (part * primes.length + index) * n
    return transformed(mask, primes[index]).map((u, i) => mod(u * publicKey[start + i], primes[index]))
  }
  const rests = errors.map((error, part) => {
    const coefficients = backward(masked(part, divisorIndex), divisor, must(rootsOf, divisor).inverseRoots)
    return error.map((e, i) => e - centred(coefficients[i] + e, divisor))
  })
  const out = new BigUint64Array(2 * count * n)
  for (let part = 0; part < 2; part++) {
    for (let index = 0; index < count; index++) {
      const prime = primes[index]
      const added = rests[part].map((rest, i) => (part === 0 ? rest + message[i] * divisor : rest))
      const sum = transformed(added, prime)
      const factor = inverse(divisor % prime, prime)
      masked(part, index).forEach((product, i) => {
        out[(part * count + index) * n + i] = mod((product + sum[i]) * factor, prime)
      })
    }
  }
  return out
}

/** The message alone at a level. */
export function embedPortably(
  { n, primes }: Pick<PortableChain, 'n' | 'primes'>,
  slots: Float64Array,
  level: { readonly primes: number; readonly scale: number },
): BigUint64Array {
  const message = Array.from(encodePortably(slots, level.scale, n), BigInt)
  const parts = primes.slice(0, level.primes).map((prime) => forward(message, prime, transformRoots(prime, n).roots))
  return BigUint64Array.from(parts.flat())
}

/** Coefficients, as integers. Operations are in the order of assembly/encode.ts. */
export function encodePortably(slots: Float64Array, scale: number, n: number): Float64Array {
  const { places, roots, twists } = encoderTables(n)
  const half = n / 2
  const real = new Float64Array(half)
  const imaginary = new Float64Array(half)
  slots.forEach((value, slot) => (real[places[slot]] = value))
  for (let gap = 1; gap < half; gap *= 2) {
    for (let block = 0; block < half; block += 2 * gap) {
      for (let j = 0; j < gap; j++) {
        const [x, y, w] = [block + j, block + j + gap, 2 * (gap + j)]
        const re = real[y] * roots[w] - imaginary[y] * roots[w + 1]
        const im = imaginary[y] * roots[w] + real[y] * roots[w + 1]
        real[y] = real[x] - re
        imaginary[y] = imaginary[x] - im
        real[x] += re
        imaginary[x] += im
      }
    }
  }
  const factor = encodingFactor(scale, n)
  const out = new Float64Array(n)
  for (let m = 0; m < half; m++) {
    const [c, s] = [twists[2 * m], twists[2 * m + 1]]
    out[m] = roundEven((real[m] * c - imaginary[m] * s) * factor)
    out[m + half] = roundEven((imaginary[m] * c + real[m] * s) * factor)
  }
  return out
}

/** To the nearest integer, halves to the even one. */
const roundEven = (x: number): number => (Math.abs(x) < 2 ** 52 ? x + 1.5 * 2 ** 52 - 1.5 * 2 ** 52 : x)

/** n values of −1, 0 and 1, each with probability 1/3, from stream 1 of a seed: five of a byte below 3⁵, other bytes are passed over. */
export function drawTernary(n: number, key: Uint8Array): bigint[] {
  const out: bigint[] = []
  for (const byte of stream(key, 1)) {
    if (byte >= 243) continue
    for (let digit = 0, rest = byte; digit < 5; digit++, rest = Math.floor(rest / 3)) {
      out.push(BigInt((rest % 3) - 1))
      if (out.length === n) return out
    }
  }
  return out
}

/** n errors from a stream of a seed, as SEAL draws them: the ones of 21 bits less those of 21 others, so a deviation of √10.5 ≈ 3.24. */
export function drawBinomial(n: number, key: Uint8Array, polynomial: number): bigint[] {
  const bytes = stream(key, polynomial)
  const count = (): number => {
    let word = 0
    for (let i = 0; i < 4; i++) word |= bytes.next().value << (8 * i)
    word &= 0x1fffff
    let ones = 0
    for (; word !== 0; word &= word - 1) ones += 1
    return ones
  }
  return Array.from({ length: n }, () => {
    const left = count()
    return BigInt(left - count())
  })
}

/** ChaCha20 (RFC 8439) with the polynomial's number and two zero words as its nonce. */
export function* stream(key: Uint8Array, polynomial: number): Generator<number, never> {
  const words = new Uint32Array(key.slice().buffer)
  const start = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...words, 0, polynomial, 0, 0)
  for (; ; start[12] += 1) yield* new Uint8Array(chachaBlock(start).buffer)
}

function chachaBlock(start: Uint32Array): Uint32Array {
  const x = start.slice()
  const turn = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))
  const quarter = (a: number, b: number, c: number, d: number): void => {
    x[d] = turn(x[d] ^ (x[a] += x[b]), 16)
    x[b] = turn(x[b] ^ (x[c] += x[d]), 12)
    x[d] = turn(x[d] ^ (x[a] += x[b]), 8)
    x[b] = turn(x[b] ^ (x[c] += x[d]), 7)
  }
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) quarter(i, 4 + i, 8 + i, 12 + i)
    for (let i = 0; i < 4; i++) quarter(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4))
  }
  return x.map((word, i) => word + start[i])
}

const mod = (value: bigint, prime: bigint): bigint => ((value % prime) + prime) % prime

const centred = (value: bigint, prime: bigint): bigint => {
  const residue = mod(value, prime)
  return 2n * residue > prime ? residue - prime : residue
}

/** Powers of the smallest primitive 2n-th root, and of its inverse, in bit-reversed order. */
function transformRoots(prime: bigint, n: number): { roots: bigint[]; inverseRoots: bigint[] } {
  const any = primitiveRoot(prime, n)
  const square = (any * any) % prime
  let [least, root] = [any, any]
  for (let i = 1; i < n; i++) {
    root = (root * square) % prime
    if (root < least) least = root
  }
  return { roots: reversedPowers(least, prime, n), inverseRoots: reversedPowers(inverse(least, prime), prime, n) }
}

function reversedPowers(root: bigint, prime: bigint, n: number): bigint[] {
  const bits = Math.log2(n)
  const powers: bigint[] = []
  let current = 1n
  for (let i = 0; i < n; i++) {
    let at = 0
    for (let bit = 0; bit < bits; bit++) at |= ((i >> bit) & 1) << (bits - 1 - bit)
    powers[at] = current
    current = (current * root) % prime
  }
  return powers
}

function forward(values: readonly bigint[], prime: bigint, roots: readonly bigint[]): bigint[] {
  const a = values.map((value) => mod(value, prime))
  for (let groups = 1, gap = a.length / 2; gap >= 1; groups *= 2, gap /= 2) {
    for (let i = 0; i < groups; i++) {
      for (let j = 2 * i * gap; j < (2 * i + 1) * gap; j++) {
        const [x, y] = [a[j], (a[j + gap] * roots[groups + i]) % prime]
        a[j] = (x + y) % prime
        a[j + gap] = (x - y + prime) % prime
      }
    }
  }
  return a
}

/** Of a transformed polynomial, centred. */
export const coefficientsOf = (values: readonly bigint[], prime: bigint): bigint[] =>
  backward(values, prime, transformRoots(prime, values.length).inverseRoots).map((value) => centred(value, prime))

function backward(values: readonly bigint[], prime: bigint, inverseRoots: readonly bigint[]): bigint[] {
  const a = [...values]
  for (let groups = a.length / 2, gap = 1; groups >= 1; groups /= 2, gap *= 2) {
    for (let i = 0; i < groups; i++) {
      for (let j = 2 * i * gap; j < (2 * i + 1) * gap; j++) {
        const [x, y] = [a[j], a[j + gap]]
        a[j] = (x + y) % prime
        a[j + gap] = ((x - y + prime) * inverseRoots[groups + i]) % prime
      }
    }
  }
  const factor = modPow(BigInt(a.length), prime - 2n, prime)
  return a.map((value) => (value * factor) % prime)
}
