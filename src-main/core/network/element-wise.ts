import { erf } from './erf.ts'

/**
 * Operators of ONNX that act on each element by itself and have no attributes (https://onnx.ai/onnx/operators/), as
 * functions of numbers; true is 1.
 */
export const elementWise: Readonly<Record<string, (...values: number[]) => number>> = {
  Abs: Math.abs,
  Acos: Math.acos,
  Acosh: Math.acosh,
  Add: (a, b) => a + b,
  And: (a, b) => Number(a !== 0 && b !== 0),
  Asin: Math.asin,
  Asinh: Math.asinh,
  Atan: Math.atan,
  Atanh: Math.atanh,
  Ceil: Math.ceil,
  Cos: Math.cos,
  Cosh: Math.cosh,
  Div: (a, b) => a / b,
  Equal: (a, b) => Number(a === b),
  Erf: erf,
  Exp: Math.exp,
  Floor: Math.floor,
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Identity: (a) => a,
  IsInf: (a) => Number(Math.abs(a) === Infinity),
  IsNaN: (a) => Number(Number.isNaN(a)),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  Log: Math.log,
  Max: Math.max,
  Mean: (...values) => values.reduce((a, b) => a + b, 0) / values.length,
  Min: Math.min,
  Mul: (a, b) => a * b,
  Neg: (a) => -a,
  Not: (a) => Number(a === 0),
  Or: (a, b) => Number(a !== 0 || b !== 0),
  Pow: (a, b) => a ** b,
  Reciprocal: (a) => 1 / a,
  Round: roundHalfEven,
  Sign: Math.sign,
  Sin: Math.sin,
  Sinh: Math.sinh,
  Sqrt: Math.sqrt,
  Sub: (a, b) => a - b,
  Sum: (...values) => values.reduce((a, b) => a + b, 0),
  Tan: Math.tan,
  /** Cast to an integer type, and to bool. */
  Truncate: Math.trunc,
  Truth: (a) => Number(a !== 0),
  Where: (condition, yes, no) => (condition !== 0 ? yes : no),
  Xor: (a, b) => Number((a !== 0) !== (b !== 0)),
}

/** Halves go to the even neighbour, as ONNX's Round says. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x)
  const rest = x - below
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1
  return rest < 0.5 ? below : below + 1
}
