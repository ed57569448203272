/**
 * A reader of small bundles that was written from docs/bundle-format.md alone: it imports nothing of the project, so that
 * the page is known to say enough.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'

export interface SecondBundle {
  readonly manifest: Manifest
  readonly entry: (name: string) => Buffer
}

interface Manifest {
  readonly format: string
  readonly version: string
  readonly deploymentId: string
  readonly update?: number
  readonly segments: readonly {
    readonly index: number
    readonly plan: string
    readonly publicKey: string
    readonly weights: { readonly blob: string; readonly index: string }
    readonly evaluationKeys: readonly {
      readonly primes: number
      readonly rotation?: { readonly entry: string; readonly steps: readonly number[] }
    }[]
  }[]
  readonly documents: { readonly bom: string; readonly accuracy: string; readonly receiptSchema: string }
  readonly entries: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[]
}

export interface SecondPlan {
  readonly parameters: {
    readonly polyModulusDegree: number
    readonly primes: readonly string[]
    readonly keySwitching?: {
      readonly keyPrimes: readonly string[]
      readonly forms: readonly { readonly digitPrimes: number; readonly specialPrimes: number }[]
    }
  }
  readonly weights: readonly (readonly [number, string, number, number])[]
  readonly expansions?: readonly {
    readonly input: { readonly primes: number }
    readonly instructions: readonly SecondInstruction[]
    readonly results: readonly (readonly [number, number])[]
  }[]
  /** Slots of each mask, as runs. */
  readonly masks?: readonly (readonly number[])[]
  readonly output: { readonly positions: readonly number[] }
}

export type SecondInstruction =
  | { readonly op: 'rotate'; readonly out: number; readonly in: number; readonly steps: number }
  | { readonly op: 'add'; readonly out: number; readonly in: readonly [number, number] }
  | {
      readonly op: 'monomial-sum'
      readonly out: number
      readonly values: readonly number[]
      readonly exponents: readonly number[]
    }
  | {
      readonly op: 'mask-sum'
      readonly out: number
      readonly values: readonly number[]
      readonly masks: readonly number[]
      readonly scale: number
    }
  | { readonly op: 'rescale'; readonly out: number; readonly in: number }

const sha256 = (...parts: Uint8Array[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** Opens a bundle and checks frame, hashes and signature. An update pack needs the bundle before it, for its keys. */
export function openBundle(file: Buffer, before?: SecondBundle): SecondBundle {
  const extents = directoryOf(file)
  const own = (name: string): Buffer | undefined => {
    const extent = extents.get(name)
    return extent && file.subarray(extent.start, extent.start + extent.bytes)
  }
  const manifest = JSON.parse(own('manifest.json')!.toString('utf8')) as Manifest
  const isNewer = (manifest.update ?? 0) > (before?.manifest.update ?? 0)
  const held =
    before && manifest.deploymentId === before.manifest.deploymentId && isNewer ? before.manifest.entries : []
  const entry = (name: string): Buffer => {
    const wanted = manifest.entries.find((listed) => listed.name === name)?.sha256
    const same = held.find((listed) => listed.sha256 === wanted)
    const content = own(name) ?? (same && before?.entry(same.name))
    if (!content) throw new Error(`no ${name}`)
    return content
  }
  if (manifest.format !== 'sealwright-bundle' || !manifest.version.startsWith('4.')) throw new Error('not for me')
  for (const { name, bytes, sha256: expected } of manifest.entries) {
    if (entry(name).length !== bytes || sha256(entry(name)) !== expected) throw new Error(`${name} is damaged`)
  }
  checkFrame(
    file,
    manifest.entries.flatMap(({ name }) => extents.get(name) ?? []),
  )
  const all = new Set([...manifest.entries.map(({ name }) => name), ...extents.keys()])
  const others = [...all].filter((name) => name !== 'signature.json')
  checkSignature(JSON.parse(entry('signature.json').toString('utf8')), entry('signer.pem').toString(), others, entry)
  return { manifest, entry }
}

interface Extent {
  readonly start: number
  readonly bytes: number
}

/** From the central directory; archives under 4 GiB only. */
function directoryOf(file: Buffer): Map<string, Extent> {
  const end = file.length - 64 - 22
  if (file.readUInt32LE(end) !== 0x06054b50) throw new Error('no archive with a comment of 64 bytes')
  const extents = new Map<string, Extent>()
  let at = file.readUInt32LE(end + 16)
  for (let left = file.readUInt16LE(end + 10); left > 0; left--) {
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => file.readUInt16LE(at + field))
    const name = file.toString('latin1', at + 46, at + 46 + nameBytes)
    const local = file.readUInt32LE(at + 42)
    if (file.readUInt16LE(at + 10) !== 0) throw new Error(`${name} is compressed`)
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28)
    extents.set(name, { start, bytes: file.readUInt32LE(at + 24) })
    at += 46 + nameBytes + extraBytes + commentBytes
  }
  return extents
}

function checkFrame(file: Buffer, listed: readonly Extent[]): void {
  const parts: Buffer[] = []
  let at = 0
  for (const { start, bytes } of listed.toSorted((a, b) => a.start - b.start)) {
    parts.push(file.subarray(at, start))
    at = start + bytes
  }
  parts.push(file.subarray(at, file.length - 64))
  if (sha256(...parts) !== file.toString('latin1', file.length - 64)) throw new Error('the frame was changed')
}

/** DSSE: the signature is over "DSSEv1", the payload's type and the payload, each but the first with its length. */
function checkSignature(
  bundle: { dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] } },
  pem: string,
  names: readonly string[],
  entry: (name: string) => Buffer,
): void {
  const { payload, payloadType, signatures } = bundle.dsseEnvelope
  const content = Buffer.from(payload, 'base64')
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${content.length} `), content])
  const key = createPublicKey(pem)
  const algorithm = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256'
  if (!verify(algorithm, signed, key, Buffer.from(signatures[0].sig, 'base64'))) throw new Error('a bad signature')
  const { resources } = JSON.parse(content.toString()).predicate as { resources: { name: string; digest: string }[] }
  const expected = names.map((name) => `${name} ${sha256(entry(name))}`).sort()
  const actual = resources.map(({ name, digest }) => `${name} ${digest}`)
  if (JSON.stringify(actual) !== JSON.stringify(expected)) throw new Error('the signature is over other entries')
}

/** A list of integers that is written as runs: first, step, count, … */
export function fromRuns(runs: readonly number[]): number[] {
  const values: number[] = []
  for (let at = 0; at < runs.length; at += 3) {
    for (let i = 0; i < runs[at + 2]; i++) values.push(runs[at] + i * runs[at + 1])
  }
  return values
}

/** Each weight's packed ciphertext, checked against the index. */
export function weightsOf({ manifest, entry }: SecondBundle): Buffer[] {
  const { blob, index } = manifest.segments[0].weights
  const [all, records] = [entry(blob), entry(index)]
  let at = 0
  return Array.from({ length: records.length / 36 }, (_, i) => {
    const weight = all.subarray(at, (at += records.readUInt32LE(36 * i)))
    if (sha256(weight) !== records.toString('hex', 36 * i + 4, 36 * i + 36)) throw new Error(`weight ${i} is damaged`)
    return weight
  })
}

/** What the bill of materials says of a segment's parameters. */
export function billedParameters({ manifest, entry }: SecondBundle, segment: number): ReadonlyMap<string, string> {
  const bill = JSON.parse(entry(manifest.documents.bom).toString('utf8')) as {
    readonly components: readonly {
      readonly 'bom-ref'?: string
      readonly properties?: readonly { readonly name: string; readonly value: string }[]
    }[]
  }
  const found = bill.components.find((component) => component['bom-ref'] === `ckks-segment-${segment}`)
  return new Map(found?.properties?.map(({ name, value }) => [name, value]))
}

/** The two polynomials of a packed ciphertext: residues, prime by prime. */
export function expand(packed: Buffer, degree: number, primes: readonly bigint[]): [bigint[], bigint[]] {
  let at = 64
  const first = primes.flatMap((prime) => {
    const bits = prime.toString(2).length
    const bytes = packed.subarray(at, (at += (degree * bits) / 8))
    return Array.from({ length: degree }, (_, i) => {
      const word = Array.from({ length: 8 }, (_, k) => BigInt(bytes[((i * bits) >> 3) + k] ?? 0) << BigInt(8 * k))
      return (word.reduce((sum, byte) => sum | byte) >> BigInt((i * bits) & 7)) & ((1n << BigInt(bits)) - 1n)
    })
  })
  if (at !== packed.length) throw new Error('a packed ciphertext of another length')
  return [first, uniform(packed.subarray(0, 64), degree, primes)]
}

function uniform(seed: Buffer, degree: number, primes: readonly bigint[]): bigint[] {
  const limits = primes.map((prime) => 2n ** 64n - 2n - ((2n ** 64n - 1n) % prime))
  const words = drawWords(seed)
  const drawn = Array.from({ length: degree * primes.length }, () => words.next().value!)
  const primeOf = (i: number): number => Math.floor(i / degree)
  drawn.forEach((word, i) => {
    let kept = word
    while (kept >= limits[primeOf(i)]) kept = words.next().value!
    drawn[i] = kept % primes[primeOf(i)]
  })
  return drawn
}

function* drawWords(seed: Buffer): Generator<bigint, undefined> {
  for (let number = 0n; ; number++) {
    const input = Buffer.alloc(8)
    input.writeBigUInt64LE(number)
    const buffer = blake2xb(seed, input, 4096)
    for (let at = 0; at < buffer.length; at += 8) yield buffer.readBigUInt64LE(at)
  }
}

/** https://www.blake2.net/blake2x.pdf, on top of RFC 7693. */
function blake2xb(key: Buffer, input: Buffer, length: number): Buffer {
  const root = blake2b(parameters({ digest: 64, key: key.length, fanout: 1, depth: 1, length }), key, input)
  const nodes = Array.from({ length: length / 64 }, (_, node) =>
    blake2b(
      parameters({ digest: 64, key: 0, fanout: 0, depth: 0, leaf: 64, node, length, inner: 64 }),
      undefined,
      root,
    ),
  )
  return Buffer.concat(nodes)
}

interface Blake2Parameters {
  readonly digest: number
  readonly key: number
  readonly fanout: number
  readonly depth: number
  readonly leaf?: number
  readonly node?: number
  readonly length: number
  readonly inner?: number
}

function parameters({ digest, key, fanout, depth, leaf = 0, node = 0, length, inner = 0 }: Blake2Parameters): Buffer {
  const block = Buffer.alloc(64)
  block.set([digest, key, fanout, depth])
  block.writeUInt32LE(leaf, 4)
  block.writeUInt32LE(node, 8)
  block.writeUInt32LE(length, 12)
  block[17] = inner
  return block
}

const WORD = 2n ** 64n - 1n
const iv = [
  ...[0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n],
  ...[0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n],
]
const sigma = [
  ...['0123456789abcdef', 'ea489fd61c02b753', 'b8c052fdae367194', '7931dcbe265a40f8', '905724afe1bc683d'],
  ...['2c6a0b834d75fe19', 'c51fed4a0763928b', 'db7ec13950f4862a', '6fe9b308c2d714a5', 'a2847615fb9e3cd0'],
]

function blake2b(block: Buffer, key: Buffer | undefined, input: Buffer): Buffer {
  const state = iv.map((word, i) => word ^ block.readBigUInt64LE(8 * i))
  const padded = key ? Buffer.concat([key, Buffer.alloc(128 - key.length), input]) : input
  for (let at = 0; at < padded.length; at += 128) {
    const chunk = Buffer.alloc(128)
    padded.copy(chunk, 0, at)
    const done = Math.min(at + 128, padded.length)
    compress(
      state,
      Array.from({ length: 16 }, (_, i) => chunk.readBigUInt64LE(8 * i)),
      done,
      done === padded.length,
    )
  }
  const out = Buffer.alloc(64)
  state.forEach((word, i) => out.writeBigUInt64LE(word, 8 * i))
  return out
}

function compress(state: bigint[], words: readonly bigint[], done: number, last: boolean): void {
  const v = [...state, ...iv]
  v[12] ^= BigInt(done)
  if (last) v[14] ^= WORD
  const rotate = (x: bigint, bits: bigint): bigint => ((x >> bits) | (x << (64n - bits))) & WORD
  const mix = (a: number, b: number, c: number, d: number, x: bigint, y: bigint): void => {
    v[a] = (v[a] + v[b] + x) & WORD
    v[d] = rotate(v[d] ^ v[a], 32n)
    v[c] = (v[c] + v[d]) & WORD
    v[b] = rotate(v[b] ^ v[c], 24n)
    v[a] = (v[a] + v[b] + y) & WORD
    v[d] = rotate(v[d] ^ v[a], 16n)
    v[c] = (v[c] + v[d]) & WORD
    v[b] = rotate(v[b] ^ v[c], 63n)
  }
  for (let round = 0; round < 12; round++) {
    const order = [...sigma[round % 10]].map((digit) => words[Number.parseInt(digit, 16)])
    for (let i = 0; i < 4; i++) mix(i, 4 + i, 8 + i, 12 + i, order[2 * i], order[2 * i + 1])
    for (let i = 0; i < 4; i++) {
      mix(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4), order[8 + 2 * i], order[9 + 2 * i])
    }
  }
  state.forEach((_, i) => (state[i] ^= v[i] ^ v[i + 8]))
}
