/** The load programs of docs/bundle-format.md in whole numbers, slowly: like second-reader.ts it imports nothing of the project. */
import { expand, fromRuns, type SecondBundle, type SecondPlan } from './second-reader.ts'

/** Residues of one polynomial modulo each prime, in the order of a bundle. */
type Polynomial = readonly bigint[][]
type Ciphertext = readonly [Polynomial, Polynomial]

interface Ring {
  readonly degree: number
  readonly primes: readonly bigint[]
}

/** Each expanded weight's two polynomials, by its number. */
export function expandWeights(bundle: SecondBundle, plan: SecondPlan, packed: Buffer, at = 0): Map<number, Ciphertext> {
  const { polyModulusDegree: degree, primes: literals } = plan.parameters
  const program = plan.expansions![at]
  const chain = literals.map(BigInt)
  const ring = { degree, primes: chain.slice(0, program.input.primes) }
  const values = new Map<number, Ciphertext>([[0, read(packed, ring)]])
  for (const instruction of program.instructions) {
    values.set(instruction.out, compute(instruction))
  }
  return new Map(program.results.map(([weight, register]) => [weight, values.get(register)!]))

  function compute(instruction: NonNullable<SecondPlan['expansions']>[number]['instructions'][number]): Ciphertext {
    if (instruction.op === 'add') return sum(instruction.in.map((register) => values.get(register)!))
    if (instruction.op === 'rotate') {
      return rotate(
        values.get(instruction.in)!,
        instruction.steps,
        ring,
        keyOf(bundle, plan.parameters, instruction.steps),
      )
    }
    if (instruction.op === 'rescale') return rescale(values.get(instruction.in)!, ring)
    if (instruction.op === 'mask-sum') {
      return sum(
        instruction.values.map((register, k) => {
          const mask = encode(fromRuns(plan.masks![instruction.masks[k]]), instruction.scale, ring)
          return each(values.get(register)!, (value, prime, i) => (value * mask[prime][i]) % ring.primes[prime])
        }),
      )
    }
    return sum(
      instruction.values.map((register, k) => {
        const monomial = ring.primes.map((p) => monomialValues(p, degree, instruction.exponents[k]))
        return each(values.get(register)!, (value, prime, i) => (value * monomial[prime][i]) % ring.primes[prime])
      }),
    )
  }

  function sum(all: readonly Ciphertext[]): Ciphertext {
    return all.reduce((left, right) =>
      each(left, (value, prime, i, part) => (value + right[part][prime][i]) % ring.primes[prime]),
    )
  }
}

const each = (
  value: Ciphertext,
  map: (residue: bigint, prime: number, i: number, part: number) => bigint,
): Ciphertext =>
  value.map((polynomial, part) =>
    polynomial.map((residues, prime) => residues.map((residue, i) => map(residue, prime, i, part))),
  ) as unknown as Ciphertext

function read(packed: Buffer, { degree, primes }: Ring): Ciphertext {
  return expand(packed, degree, primes).map((residues) =>
    primes.map((_, prime) => residues.slice(prime * degree, (prime + 1) * degree)),
  ) as unknown as Ciphertext
}

/** The polynomial whose slots, its values at ζ^(3^s), are 1 here and 0 elsewhere, times the scale and rounded. */
function encode(slots: readonly number[], scale: number, { degree, primes }: Ring): Polynomial {
  const exponents = slots.map((slot) => Number(power(3n, BigInt(slot), BigInt(2 * degree))))
  const coefficients = Array.from({ length: degree }, (_, k) => {
    const sum = exponents.reduce(
      (all, exponent) => all + Math.cos((Math.PI * ((exponent * k) % (2 * degree))) / degree),
      0,
    )
    return BigInt(Math.round((2 * scale * sum) / degree))
  })
  return primes.map((p) =>
    toPoints(
      coefficients.map((c) => positive(c, p)),
      p,
    ),
  )
}

/** Divided by the last prime and rounded. */
function rescale(value: Ciphertext, { primes }: Ring): Ciphertext {
  const last = primes.at(-1)!
  return value.map((polynomial) => {
    const rest = fromPoints(polynomial.at(-1)!, last).map((x) => centred(x, last))
    return primes.slice(0, -1).map((p, m) => {
      const moved = toPoints(
        rest.map((x) => positive(x, p)),
        p,
      )
      const inverse = power(last % p, p - 2n, p)
      return polynomial[m].map((x, i) => ((x - moved[i] + p) * inverse) % p)
    })
  }) as unknown as Ciphertext
}

export interface SecondKey {
  readonly digits: readonly Ciphertext[]
  readonly dataPrimes: number
  readonly special: readonly bigint[]
  /** Data primes of a digit where the plan has forms; SEAL's keys have none. */
  readonly digitPrimes?: number
}

function keyOf({ manifest, entry }: SecondBundle, parameters: SecondPlan['parameters'], steps: number): SecondKey {
  const { primes, rotation } = manifest.segments[0].evaluationKeys.find((key) => key.rotation?.steps.includes(steps))!
  const chain = parameters.primes.map(BigInt)
  const form = parameters.keySwitching?.forms[primes - 1]
  const count = Math.ceil(primes / (form?.digitPrimes ?? 1))
  const special = [
    chain.at(-1)!,
    ...(parameters.keySwitching?.keyPrimes.map(BigInt) ?? []),
    ...chain.slice(primes, -1).reverse(),
  ].slice(0, form?.specialPrimes ?? 1)
  const all = entry(rotation!.entry)
  const bytes = all.length / rotation!.steps.length
  const first = rotation!.steps.indexOf(steps) * bytes
  const digits = Array.from({ length: count }, (_, j) => {
    const digit = all.subarray(first + (j * bytes) / count, first + ((j + 1) * bytes) / count)
    return read(digit, { degree: parameters.polyModulusDegree, primes: [...chain.slice(0, primes), ...special] })
  })
  return { digits, dataPrimes: primes, special, digitPrimes: form?.digitPrimes }
}

function rotate(value: Ciphertext, steps: number, ring: Ring, key: SecondKey): Ciphertext {
  const { degree, primes } = ring
  const element = Number(power(3n, BigInt(steps), BigInt(2 * degree)))
  const turned = value.map((polynomial) =>
    polynomial.map((residues) => {
      const byExponent = new Map(residues.map((residue, i) => [2 * reversed(i, degree) + 1, residue]))
      return residues.map((_, i) => byExponent.get(((2 * reversed(i, degree) + 1) * element) % (2 * degree))!)
    }),
  )
  const [first, second] = switchKeys(turned[1], ring, key)
  return [first.map((residues, m) => residues.map((x, i) => (x + turned[0][m][i]) % primes[m])), second]
}

/** What replaces a polynomial times what the key is of; in whole numbers, without a transform of a digit's parts. */
export function switchKeys(value: Polynomial, { degree, primes }: Ring, key: SecondKey): Ciphertext {
  const { digits, dataPrimes, special, digitPrimes = 1 } = key
  const moduli = [...primes, ...special]
  const total = (values: readonly bigint[]): bigint => values.reduce((all, x) => all * x, 1n)
  const numbers = Array.from({ length: Math.ceil(primes.length / digitPrimes) }, (_, j) => {
    const own = primes.slice(j * digitPrimes, (j + 1) * digitPrimes)
    const product = total(own)
    const parts = own.map((q, i) => {
      const coefficients = fromPoints(value[j * digitPrimes + i], q)
      if (key.digitPrimes === undefined) return coefficients
      const factor = power((product / q) % q, q - 2n, q)
      return coefficients.map((x) => centred(x * factor, q) * (product / q))
    })
    return parts[0].map((_, i) => parts.reduce((sum, part) => sum + part[i], 0n))
  })
  const sums = [0, 1].map((part) =>
    moduli.map((p, m) => {
      const sum = new Array<bigint>(degree).fill(0n)
      numbers.forEach((number, j) => {
        const digit = toPoints(
          number.map((c) => positive(c, p)),
          p,
        )
        const residues = digits[j][part][m < primes.length ? m : m - primes.length + dataPrimes]
        digit.forEach((x, i) => (sum[i] = (sum[i] + x * residues[i]) % p))
      })
      return sum
    }),
  )
  const divisor = total(special)
  return sums.map((residues) => {
    const parts = special.map((s, k) => {
      const factor = power((divisor / s) % s, s - 2n, s)
      return fromPoints(residues[primes.length + k], s).map((x) => ((x * factor) % s) * (divisor / s))
    })
    const rest = parts[0].map((_, i) =>
      centred(
        parts.reduce((sum, part) => sum + part[i], 0n),
        divisor,
      ),
    )
    return primes.map((p, m) => {
      const moved = toPoints(
        rest.map((x) => positive(x, p)),
        p,
      )
      const inverse = power(divisor % p, p - 2n, p)
      return residues[m].map((x, i) => ((x - moved[i] + p) * inverse) % p)
    })
  }) as unknown as Ciphertext
}

const positive = (x: bigint, p: bigint): bigint => ((x % p) + p) % p

function centred(x: bigint, p: bigint): bigint {
  const residue = positive(x, p)
  return 2n * residue > p ? residue - p : residue
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (let square = base % modulus; exponent > 0n; exponent >>= 1n, square = (square * square) % modulus) {
    if (exponent & 1n) result = (result * square) % modulus
  }
  return result
}

function reversed(i: number, degree: number): number {
  let out = 0
  for (let bit = 1; bit < degree; bit *= 2) if (i & bit) out += degree / (2 * bit)
  return out
}

const roots = new Map<bigint, bigint>()

/** The smallest primitive 2N-th root of unity. */
function rootOf(p: bigint, degree: number): bigint {
  const known = roots.get(p)
  if (known !== undefined) return known
  let base = 2n
  let root = 1n
  while (power(root, BigInt(degree), p) !== p - 1n) root = power(base++, (p - 1n) / BigInt(2 * degree), p)
  let smallest = root
  for (let i = 1, other = root; i < degree; i++) {
    other = (((other * root) % p) * root) % p
    if (other < smallest) smallest = other
  }
  roots.set(p, smallest)
  return smallest
}

/** The values of a monomial where a bundle's residues are values. */
function monomialValues(p: bigint, degree: number, exponent: number): bigint[] {
  const powers = powersOf(rootOf(p, degree), 2 * degree, p)
  return Array.from({ length: degree }, (_, i) => powers[((2 * reversed(i, degree) + 1) * exponent) % (2 * degree)])
}

function powersOf(root: bigint, count: number, p: bigint): bigint[] {
  const powers = [1n]
  while (powers.length < count) powers.push((powers.at(-1)! * root) % p)
  return powers
}

/** Values at 1, ω, ω², … of a polynomial with these coefficients. */
function evaluate(coefficients: readonly bigint[], powers: readonly bigint[], stride: number, p: bigint): bigint[] {
  const n = coefficients.length
  if (n === 1) return [coefficients[0]]
  const even = evaluate(
    coefficients.filter((_, i) => i % 2 === 0),
    powers,
    2 * stride,
    p,
  )
  const odd = evaluate(
    coefficients.filter((_, i) => i % 2 === 1),
    powers,
    2 * stride,
    p,
  )
  const turned = odd.map((value, i) => (value * powers[i * stride]) % p)
  return [...even.map((value, i) => (value + turned[i]) % p), ...even.map((value, i) => (value - turned[i] + p) % p)]
}

function toPoints(coefficients: readonly bigint[], p: bigint): bigint[] {
  const n = coefficients.length
  const psi = powersOf(rootOf(p, n), n, p)
  const omega = powersOf((psi[1] * psi[1]) % p, n, p)
  const values = evaluate(
    coefficients.map((c, i) => (c * psi[i]) % p),
    omega,
    1,
    p,
  )
  return values.map((_, i) => values[reversed(i, n)])
}

function fromPoints(residues: readonly bigint[], p: bigint): bigint[] {
  const n = residues.length
  const inverseRoot = power(rootOf(p, n), p - 2n, p)
  const psi = powersOf(inverseRoot, n, p)
  const omega = powersOf((inverseRoot * inverseRoot) % p, n, p)
  const values = evaluate(
    residues.map((_, i) => residues[reversed(i, n)]),
    omega,
    1,
    p,
  )
  const unit = power(BigInt(n), p - 2n, p)
  return values.map((value, i) => (((value * psi[i]) % p) * unit) % p)
}
