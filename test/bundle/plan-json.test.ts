import { describe, expect, it } from 'vitest'
import { decodePlan, encodePlan } from '../../src-main/core/bundle/plan-json.ts'
import { fromRuns, toRuns } from '../../src-main/core/bundle/runs.ts'
import fc from 'fast-check'
import { tinyExpanded, tinyHybrid, tinyNetwork } from './tiny-plan.ts'

const { plan } = tinyNetwork()
/** A plan on its way to being hostile. */
type Loose = ReturnType<typeof JSON.parse>
const literal = (): Loose => JSON.parse(new TextDecoder().decode(encodePlan(plan)))
const decodeChanged = (change: (plan: Loose) => void): unknown => {
  const changed = literal()
  change(changed)
  return decodePlan(new TextEncoder().encode(JSON.stringify(changed)))
}

describe('runs', () => {
  it('hold any list of integers', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 50 })), (values) => {
        const list = Int32Array.from(values)
        expect(fromRuns(toRuns(list), values.length, -1, 50)).toEqual(list)
      }),
    )
  })

  it('shrink rows and strides', () => {
    expect(toRuns(Int32Array.of(0, 1, 2, 3, -1, -1, -1, 8, 10, 12, 14))).toEqual([0, 1, 4, -1, 0, 3, 8, 2, 4])
  })

  it('are refused before they are expanded', () => {
    expect(fromRuns([0, 0, 2 ** 31], 100, 0, 10)).toBeUndefined()
    expect(fromRuns([0, 5, 4], 100, 0, 10)).toBeUndefined()
    expect(fromRuns([0, 1], 100, 0, 10)).toBeUndefined()
    expect(fromRuns([0, 1, 0], 100, 0, 10)).toBeUndefined()
  })
})

describe('a plan', () => {
  it('of 24 kB that would unfold to 2.7 GB is refused without the memory', () => {
    const changed = literal()
    changed.layers = Array.from({ length: 160 }, (_, i) => ({
      ...changed.layers[0],
      id: `${i}`,
      packing: { shape: [1024, 64, 64], positions: [0, 0, 2 ** 22] },
    }))
    const bytes = new TextEncoder().encode(JSON.stringify(changed))
    expect(bytes.length).toBeLessThan(24_000)
    const before = process.resourceUsage().maxRSS
    expect(() => decodePlan(bytes)).toThrow('unfolds to more numbers than are read')
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(200)
  })

  it('comes back as it was', () => {
    expect(decodePlan(encodePlan(plan))).toEqual(plan)
  })

  it.each<[string, (plan: Loose) => void]>([
    ['reads a register before it is written', (p) => (p.instructions[0].values = [7])],
    ['writes a register twice', (p) => (p.instructions[1].out = 1)],
    ['uses a weight that does not exist', (p) => (p.instructions[0].weights = [2])],
    ['sum of unequal lengths', (p) => (p.instructions[0].weights = [0, 0])],
    ['rotates too far', (p) => (p.instructions[7].steps = 4096)],
    ['a weight above the modulus chain', (p) => (p.weights[0][3] = 5)],
    ['an input above the modulus chain', (p) => (p.input.primes = 5)],
    ['not a prime of its ring', (p) => (p.parameters.primes[1] = '1073479683')],
    // A product of two primes of the ring is 1 modulo 2N too.
    ['not a prime of its ring', (p) => (p.parameters.primes[1] = String(65537 ** 2))],
    ['repeats a prime', (p) => (p.parameters.primes[1] = p.parameters.primes[0])],
    ['cannot be run', (p) => (p.weights[0][3] = 3)],
    ['cannot be run', (p) => (p.weights[1][2] *= 2)],
    ['sources of its plan', (p) => (p.input.sources = [[0, 1, 5]])],
    ['sources of its plan', (p) => (p.input.sources = [[0, 0, 2 ** 24]])],
    ['positions of its plan', (p) => (p.output.positions = [0, 4096, 3])],
    ['unfolds to more numbers', (p) => (p.input.sources = Array(4096).fill([0, 0, 2 ** 14]))],
    [
      'unfolds to more numbers',
      (p) =>
        (p.layers = Array(10000).fill({ ...p.layers[0], packing: { shape: [1, 1, 1], positions: [0, 0, 2 ** 20] } })),
    ],
    ['a modulus too large', (p) => p.parameters.primes.push('1152921504606830593')],
    ['an incomplete output', (p) => (p.output.positions = [0, 1, 2])],
    ['has no output', (p) => (p.output.registers = [77])],
    ['layers that do not follow', (p) => (p.layers[0].first = 1)],
    ['a layer beyond its instructions', (p) => (p.layers[0].end = 100)],
    ['plan is not valid', (p) => (p.parameters.polyModulusDegree = 2 ** 30)],
    ['plan is not valid', (p) => (p.instructions[0].op = 'decrypt')],
    ['plan is not valid', (p) => (p.secretKey = 'AAAA')],
    ['plan is not valid', (p) => (p.input.scale = null)],
    [
      'more memory than there is',
      (p) => {
        const extra = Array.from({ length: 9000 }, (_, i) => ({ op: 'square', out: 100 + i, in: 0 }))
        p.instructions.push(...extra)
        p.layers.push({ ...p.layers[0], first: 9, end: 9009, result: extra.slice(0, 4096).map(({ out }) => out) })
        p.layers.push({ ...p.layers[1], first: 9009, end: 9010 })
        p.instructions.push({ op: 'relinearise', out: 99, in: 100 })
        p.layers.at(-1).result = extra.slice(1, 4096).map(({ out }) => out)
      },
    ],
  ])('is refused where it %s', (reason, change) => {
    expect(() => decodeChanged(change)).toThrow(
      expect.objectContaining({ code: 'damaged-bundle', message: expect.stringContaining(reason) }),
    )
  })
})

describe('the forms of keys', () => {
  const { plan: hybrid } = tinyHybrid()
  const decodeWith = (change: (keySwitching: Loose, parameters: Loose) => void): unknown => {
    const changed: Loose = JSON.parse(new TextDecoder().decode(encodePlan(hybrid)))
    change(changed.parameters.keySwitching, changed.parameters)
    return decodePlan(new TextEncoder().encode(JSON.stringify(changed)))
  }

  it('come back as they were', () => {
    expect(decodePlan(encodePlan(hybrid))).toEqual(hybrid)
  })

  it.each<[string, (keySwitching: Loose, parameters: Loose) => void]>([
    ['a modulus too large', (k) => k.keyPrimes.push('1125899904679937')],
    ['repeats a prime', (k, p) => (k.keyPrimes[0] = p.primes[0])],
    ['not a prime of its ring', (k) => (k.keyPrimes[0] = '1099511627777')],
    ['does not say the form', (k) => k.forms.pop()],
    ['more special primes than there are', (k) => (k.forms[3].specialPrimes = 3)],
    ['smaller than a digit', (k) => (k.forms[3].digitPrimes = 4)],
    ['plan is not valid', (k) => (k.forms[3].digitPrimes = 9)],
    ['plan is not valid', (k) => (k.forms[3].specialPrimes = 0)],
    ['plan is not valid', (k) => (k.secretKey = 'AAAA')],
  ])('are refused where the plan has %s', (reason, change) => {
    expect(() => decodeWith(change)).toThrow(
      expect.objectContaining({ code: 'damaged-bundle', message: expect.stringContaining(reason) }),
    )
  })
})

describe('a load program', () => {
  const { plan: expanded } = tinyExpanded()
  const decodeWith = (change: (program: Loose, plan: Loose) => void): unknown => {
    const changed: Loose = JSON.parse(new TextDecoder().decode(encodePlan(expanded)))
    change(changed.expansions[0], changed)
    return decodePlan(new TextEncoder().encode(JSON.stringify(changed)))
  }

  /** Adds a mask of the first slots. */
  const masked = (program: Loose, plan: Loose, changes: Loose): void => {
    plan.masks = [[0, 1, 9]]
    program.instructions.push({ op: 'mask-sum', out: 9, values: [0], masks: [0], scale: 2, ...changes })
  }

  it('comes back as it was', () => {
    expect(decodePlan(encodePlan(expanded))).toEqual(expanded)
  })

  it.each<[string, (program: Loose, plan: Loose) => void]>([
    ['reads a register before it is written', (e) => (e.instructions[0].in = 7)],
    ['reads a register before it is written', (e) => (e.instructions[2].values = [0, 5])],
    ['writes a register twice', (e) => (e.instructions[1].out = 1)],
    ['writes a register twice', (e) => (e.instructions[0].out = 0)],
    ['rotates too far', (e) => (e.instructions[0].steps = 4096)],
    ['sum of unequal lengths', (e) => e.instructions[2].exponents.pop()],
    ['a monomial that does not exist', (e) => (e.instructions[2].exponents[0] = 2 * 8192)],
    ['a weight that does not exist', (e) => (e.results[0][0] = 9)],
    ['a weight that it does not compute', (e) => (e.results[0][1] = 9)],
    ['a weight that it does not compute', (e) => (e.results[0][1] = 0)],
    ['a weight twice', (e, p) => p.expansions.push(e)],
    ['two weights into one', (e) => (e.results[0][1] = e.results[1][1])],
    ['a weight at another level', (_, p) => (p.weights[2][3] = 3)],
    ['a weight at another level', (e) => (e.input.scale *= 2)],
    ['a weight above the modulus chain', (e) => (e.input.primes = 5)],
    ['out of range', (_, p) => (p.masks = [[4090, 1, 7]])],
    ['unfolds to more numbers', (_, p) => (p.masks = [[0, 0, 2 ** 25 + 1]])],
    ['has a sum of unequal lengths', (e, p) => masked(e, p, { masks: [0, 0] })],
    ['no such mask', (e, p) => masked(e, p, { masks: [1] })],
    ['plan is not valid', (e, p) => masked(e, p, { slots: [0, 1, 9] })],
    ['plan is not valid', (e) => e.instructions.push({ op: 'mask-sum', out: 9, values: [0], scale: 2 })],
    [
      'a weight at another level',
      (e, p) => {
        masked(e, p, { values: [e.results[0][1]] })
        e.results[0][1] = 9
      },
    ],
    [
      'no prime left',
      (e) => {
        for (let i = 0; i < 4; i++) e.instructions.push({ op: 'rescale', out: 9 + i, in: i ? 8 + i : 0 })
      },
    ],
    ['plan is not valid', (e) => e.instructions.push({ op: 'square', out: 9, in: 0 })],
    ['plan is not valid', (e) => e.instructions.push({ op: 'repeat', out: 9, in: 0 })],
    ['plan is not valid', (e) => (e.instructions[2].exponents[0] = -1)],
    [
      'more memory than there is',
      (e) => {
        // All of them live until they are added up.
        for (let i = 0; i < 7000; i++) e.instructions.push({ op: 'add', out: 10 + i, in: [0, 0] })
        for (let i = 0; i < 7000; i++) e.instructions.push({ op: 'add', out: 7010 + i, in: [10 + i, 10 + i] })
      },
    ],
    [
      'beyond the memory there is',
      (e, p) => {
        const own = e.results.length
        for (let i = 0; i < 10_000; i++) {
          p.weights.push(p.weights[0])
          e.instructions.push({ op: 'add', out: 10 + i, in: [0, 0] })
          e.results.push([i + 1 + own, 10 + i])
        }
      },
    ],
  ])('is refused where it is %s', (reason, change) => {
    expect(() => decodeWith(change)).toThrow(
      expect.objectContaining({ code: 'damaged-bundle', message: expect.stringContaining(reason) }),
    )
  })
})
