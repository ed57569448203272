import { allPrimesOf, digitsOf, specialPrimesFor } from '../core/plan/key-form.ts'
import type { CkksParameters, KeyForm } from '../core/plan/plan.ts'
import { inverse } from './number-theory.ts'

/** Where the constants are for keys of a form, on values with so many primes. */
export interface ConversionRoom {
  readonly address: number
  readonly primes: number
  readonly form: KeyForm
}

/** Of keys of a form, on values with so many primes. */
export const conversionName = ({ digitPrimes, specialPrimes }: KeyForm, primes: number): string =>
  `${primes} ${digitPrimes} ${specialPrimes}`

/** Of the table that converts a value with `primes` primes to and from the special primes of this form. */
export const conversionBytes = (primes: number, { specialPrimes }: KeyForm): number =>
  8 * (primes + specialPrimes ** 2 + primes * specialPrimes + (primes + specialPrimes) * primes)

/** Writes what assembly/conversion.ts reads. */
export function writeConversions(
  memory: WebAssembly.Memory,
  parameters: CkksParameters,
  rooms: Iterable<ConversionRoom>,
): void {
  for (const { address, primes, form } of rooms) {
    const constants = conversionOf(parameters, primes, form)
    new Float64Array(memory.buffer, address, constants.length).set(constants)
  }
}

/** Each of least size modulo its prime. The special primes are those of the key, whatever level it was made for. */
function conversionOf(parameters: CkksParameters, primes: number, form: KeyForm): number[] {
  const all = allPrimesOf(parameters).map(BigInt)
  const data = all.slice(0, primes)
  const special = specialPrimesFor(parameters, primes)
    .slice(0, form.specialPrimes)
    .map((index) => all[index])
  const divisor = product(special)
  const digits = digitsOf(form, primes).map(([first, end]) => data.slice(first, end))
  const others = digits.flatMap((digit) => digit.map((prime) => product(digit) / prime))
  return [
    ...data.map((prime, i) => least(inverse(others[i] % prime, prime), prime)),
    ...special.flatMap((prime, i) =>
      special.map((other, j) => (j < i ? least(inverse(other % prime, prime), prime) : 0)),
    ),
    ...data.flatMap((prime) => [
      least(inverse(divisor % prime, prime), prime),
      ...special.slice(1).map((_, i) => least(product(special.slice(0, i + 1)), prime)),
    ]),
    ...[...data, ...special].flatMap((prime) => others.map((other) => least(other, prime))),
  ]
}

const product = (values: readonly bigint[]): bigint => values.reduce((all, value) => all * value, 1n)

/** Of the numbers that are x modulo p, the smallest in size. */
function least(x: bigint, p: bigint): number {
  const residue = ((x % p) + p) % p
  return Number(2n * residue > p ? residue - p : residue)
}
