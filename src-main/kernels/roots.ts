/**
 * Roots of unity that are the same on every machine: `Math.sin` and `Math.cos` differ in their last bit from engine to
 * engine, so only operations are used whose rounding IEEE 754 fixes: +, −, ×, / and the square root. Numbers are sums of
 * two f64 (T. J. Dekker, Numer. Math. 18, 1971), with about 104 binary digits.
 */
type Double = readonly [high: number, low: number]
/** Real and imaginary part. */
type Complex = readonly [Double, Double]

/** `exp(πi·m/n)` for `m < n/2`, n a power of two: real parts, then imaginary parts. */
export function quarterRoots(n: number): { real: Float64Array; imaginary: Float64Array } {
  const count = n / 2
  const roots: Complex[] = [[ONE, ZERO]]
  // From the angle π/2 down, by halves: bit b of m stands for the angle π·2^b/n.
  let halved: Complex = [ZERO, ONE]
  const bits: Complex[] = []
  for (let b = Math.log2(count) - 1; b >= 0; b--) {
    halved = halfAngle(halved)
    bits[b] = halved
  }
  bits.forEach((bit) => roots.push(...roots.map((root) => times(root, bit))))
  return {
    real: Float64Array.from(roots, ([[high]]) => high),
    imaginary: Float64Array.from(roots, ([, [high]]) => high),
  }
}

const ZERO: Double = [0, 0]
const ONE: Double = [1, 0]

/** The root of half the angle, for angles up to π/2. */
function halfAngle([cosine, sine]: Complex): Complex {
  const half = squareRoot(scale(add(ONE, cosine), 0.5))
  return [half, divide(scale(sine, 0.5), half)]
}

const times = ([a, b]: Complex, [c, d]: Complex): Complex => [
  add(multiply(a, c), negate(multiply(b, d))),
  add(multiply(a, d), multiply(b, c)),
]

const scale = ([high, low]: Double, powerOfTwo: number): Double => [high * powerOfTwo, low * powerOfTwo]
const negate = ([high, low]: Double): Double => [-high, -low]

function twoSum(a: number, b: number): Double {
  const sum = a + b
  const rest = sum - a
  return [sum, a - (sum - rest) + (b - rest)]
}

/** For |a| ≥ |b|. */
function quickTwoSum(a: number, b: number): Double {
  const sum = a + b
  return [sum, b - (sum - a)]
}

function twoProduct(a: number, b: number): Double {
  const product = a * b
  const [a1, a0] = split(a)
  const [b1, b0] = split(b)
  return [product, a1 * b1 - product + a1 * b0 + a0 * b1 + a0 * b0]
}

function split(a: number): Double {
  const t = 134217729 * a
  const high = t - (t - a)
  return [high, a - high]
}

function add([a, aLow]: Double, [b, bLow]: Double): Double {
  const [sum, rest] = twoSum(a, b)
  return quickTwoSum(sum, rest + aLow + bLow)
}

function multiply([a, aLow]: Double, [b, bLow]: Double): Double {
  const [product, rest] = twoProduct(a, b)
  return quickTwoSum(product, rest + (a * bLow + aLow * b))
}

function divide(a: Double, b: Double): Double {
  const first = a[0] / b[0]
  const rest = add(a, negate(multiply([first, 0], b)))
  return quickTwoSum(first, rest[0] / b[0])
}

function squareRoot(a: Double): Double {
  const first = Math.sqrt(a[0])
  const rest = add(a, negate(twoProduct(first, first)))
  return quickTwoSum(first, rest[0] / (2 * first))
}
