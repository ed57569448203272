import SEAL, {
  type Ciphertext,
  type GaloisKeys,
  type MainModule,
  type Plaintext,
  type RelinKeys,
  type SEALContext,
} from 'node-seal/allows'
import type { CkksParameters } from '../../src-main/core/plan/plan.ts'
import { parmsId } from '../../src-main/kernels/parms-id.ts'
import { packCiphertext } from '../../src-main/seal/packed.ts'
import { newCiphertext } from '../../src-main/kernels/seal-bytes.ts'

let loading: Promise<MainModule> | undefined

/** node-seal, on ciphertexts given and returned as it serialises them. Parameters may be insecure. */
export class Oracle {
  static async open(
    polyModulusDegree: number,
    primeBits: readonly number[],
    steps: readonly number[],
  ): Promise<Oracle> {
    return new Oracle(await (loading ??= SEAL()), polyModulusDegree, primeBits, steps)
  }

  readonly seal: MainModule
  readonly parameters: CkksParameters
  readonly primes: readonly bigint[]
  readonly n: number
  readonly relinearisationKey: Uint8Array
  readonly galoisKeys: Uint8Array
  readonly secretKey: Uint8Array
  readonly #own: { delete(): void }[] = []
  readonly #context: SEALContext
  readonly #generator
  readonly #evaluator
  readonly #encoder
  readonly #decryptor
  readonly #encryptor
  readonly #relin: RelinKeys
  readonly #galois: GaloisKeys

  private constructor(seal: MainModule, n: number, primeBits: readonly number[], steps: readonly number[]) {
    this.seal = seal
    this.n = n
    const parameters = this.#keep(new seal.EncryptionParameters(seal.SchemeType.ckks))
    parameters.setPolyModulusDegree(n)
    parameters.setCoeffModulus(this.#keep(seal.CoeffModulus.Create(n, Int32Array.from(primeBits))))
    this.#context = this.#keep(new seal.SEALContext(parameters, true, seal.SecLevelType.none))
    if (!this.#context.parametersSet()) throw new Error('SEAL refuses the parameters')
    const moduli = this.#context.keyContextData()!.parms().coeffModulus()
    this.primes = Array.from({ length: moduli.size() }, (_, index) => BigInt(moduli.get(index)!.value()))
    this.parameters = { polyModulusDegree: n, primes: this.primes.map(String) }
    const generator = this.#keep(new seal.KeyGenerator(this.#context))
    this.#generator = generator
    const secret = this.#keep(generator.secretKey())
    this.#relin = this.#keep(generator.createRelinKeys())
    this.#galois = this.#keep(generator.createGaloisKeysWithSteps(Int32Array.from(steps)))
    this.#evaluator = this.#keep(new seal.Evaluator(this.#context))
    this.#encoder = this.#keep(new seal.CKKSEncoder(this.#context))
    this.#decryptor = this.#keep(new seal.Decryptor(this.#context, secret))
    this.#encryptor = this.#keep(new seal.Encryptor(this.#context, this.#keep(generator.createPublicKey()), secret))
    const save = (object: RelinKeys | GaloisKeys | typeof secret): Uint8Array =>
      object.saveToArray(seal.ComprModeType.none) as Uint8Array
    this.relinearisationKey = save(this.#relin)
    this.galoisKeys = save(this.#galois)
    this.secretKey = save(secret)
  }

  close(): void {
    this.#own.reverse().forEach((object) => object.delete())
  }

  /** A ciphertext of any residues, by part and prime. */
  ciphertext(parts: number, primes: number, scale: number, residue: (prime: bigint) => bigint): Uint8Array {
    const id = parmsId(this.n, this.primes.slice(0, primes))
    const { bytes, residues } = newCiphertext(parts, primes, this.n, scale, id)
    const words = BigUint64Array.from({ length: residues.length / 8 }, (_, index) =>
      residue(this.primes[Math.floor(index / this.n) % primes]),
    )
    residues.set(new Uint8Array(words.buffer))
    return bytes
  }

  multiplySum(values: readonly Uint8Array[], weights: readonly Uint8Array[]): Uint8Array {
    return this.#withCiphertexts(4, (value, weight, product, sum) => {
      values.forEach((bytes, index) => {
        this.#load(value, bytes)
        this.#load(weight, weights[index])
        this.#evaluator.multiply(value, weight, index === 0 ? sum : product)
        if (index > 0) this.#evaluator.addInplace(sum, product)
      })
      return this.#save(sum)
    })
  }

  multiplyPlain(plain: Uint8Array, value: Uint8Array): Uint8Array {
    return this.#withCiphertexts(2, (ciphertext, product) => {
      const plaintext = new this.seal.Plaintext()
      try {
        plaintext.loadFromArray(this.#context, plain)
        this.#load(ciphertext, value)
        this.#evaluator.multiplyPlain(ciphertext, plaintext, product)
        return this.#save(product)
      } finally {
        plaintext.delete()
      }
    })
  }

  square = (value: Uint8Array): Uint8Array => this.#unary(value, (from, to) => this.#evaluator.square(from, to))

  relinearise = (value: Uint8Array): Uint8Array =>
    this.#unary(value, (from, to) => this.#evaluator.relinearize(from, this.#relin, to))

  rescale = (value: Uint8Array): Uint8Array => this.#unary(value, (from, to) => this.#evaluator.rescaleToNext(from, to))

  rotate = (value: Uint8Array, steps: number): Uint8Array =>
    this.#unary(value, (from, to) => this.#evaluator.rotateVector(from, steps, this.#galois, to))

  dropPrime = (value: Uint8Array): Uint8Array =>
    this.#unary(value, (from, to) => this.#evaluator.cipherModSwitchToNext(from, to))

  add(left: Uint8Array, right: Uint8Array): Uint8Array {
    return this.#withCiphertexts(3, (one, other, sum) => {
      this.#load(one, left)
      this.#load(other, right)
      this.#evaluator.add(one, other, sum)
      return this.#save(sum)
    })
  }

  /** Prepares SEAL's objects once, so that a benchmark repeats the operation alone. */
  prepare(
    operation: (tools: BenchTools) => void,
    values: readonly Uint8Array[],
  ): { run: () => void; free: () => void } {
    const inputs = values.map((value) => this.#load(new this.seal.Ciphertext(), value))
    const [out, other] = [new this.seal.Ciphertext(), new this.seal.Ciphertext()]
    const plain = new this.seal.Plaintext()
    const encrypt = (slots: Float64Array, scale: number): void => {
      this.#encoder.encode(slots, scale, plain)
      this.#encryptor.encrypt(plain, out)
    }
    const tools = { evaluator: this.#evaluator, inputs, out, other, relin: this.#relin, galois: this.#galois, encrypt }
    return {
      run: () => operation(tools),
      free: () => [...inputs, out, other, plain].forEach((object) => object.delete()),
    }
  }

  encrypt(slots: Float64Array, scale: number): Uint8Array {
    return this.#withPlaintext((plain) =>
      this.#withCiphertexts(1, (ciphertext) => {
        this.#encoder.encode(slots, scale, plain)
        this.#encryptor.encrypt(plain, ciphertext)
        return this.#save(ciphertext)
      }),
    )
  }

  decrypt(value: Uint8Array): Float64Array {
    return this.#withPlaintext((plain) =>
      this.#withCiphertexts(1, (ciphertext) => {
        this.#decryptor.decrypt(this.#load(ciphertext, value), plain)
        return this.#encoder.decodeFloat64(plain) as Float64Array
      }),
    )
  }

  /** A fresh ciphertext at a level as SEAL saves it: with its second part as a seed, and in full. */
  seeded(slots: Float64Array, scale: number, primes: number): { seeded: Uint8Array; full: Uint8Array } {
    return this.#withPlaintext((plain) => {
      plain.loadFromArray(this.#context, this.encode(slots, scale, primes))
      const object = this.#encryptor.encryptSymmetricSerializable(plain)
      const seeded = object.saveToArray(this.seal.ComprModeType.none) as Uint8Array
      object.delete()
      return { seeded, full: this.#withCiphertexts(1, (ciphertext) => this.#save(this.#load(ciphertext, seeded))) }
    })
  }

  /** Fresh keys, seeded and in full. */
  seededKeys(steps?: readonly number[]): { seeded: Uint8Array; full: Uint8Array } {
    const { none } = this.seal.ComprModeType
    const object = steps
      ? this.#generator.createGaloisKeysSerializableWithSteps(Int32Array.from(steps))
      : this.#generator.createRelinKeysSerializable()
    const seeded = object.saveToArray(none) as Uint8Array
    object.delete()
    const keys = steps ? new this.seal.GaloisKeys() : new this.seal.RelinKeys()
    keys.loadFromArray(this.#context, seeded)
    const full = keys.saveToArray(none) as Uint8Array
    keys.delete()
    return { seeded, full }
  }

  /** An encoded plaintext at a level, serialised. */
  encode(slots: Float64Array, scale: number, primes: number): Uint8Array {
    return this.#withPlaintext((plain) => {
      this.#encoder.encode(slots, scale, plain)
      for (let drops = this.primes.length - 1 - primes; drops > 0; drops--)
        this.#evaluator.plainModSwitchToNextInplace(plain)
      return plain.saveToArray(this.seal.ComprModeType.none) as Uint8Array
    })
  }

  /** A public key of the oracle's secret: in the bundle's form, and all its residues. */
  packedPublicKey(): { packed: Uint8Array; words: BigUint64Array } {
    const { none } = this.seal.ComprModeType
    const object = this.#generator.createPublicKeySerializable()
    const seeded = object.saveToArray(none) as Uint8Array
    object.delete()
    const publicKey = new this.seal.PublicKey()
    publicKey.loadFromArray(this.#context, seeded)
    const full = publicKey.saveToArray(none) as Uint8Array
    publicKey.delete()
    const words = new BigUint64Array(full.slice(113).buffer)
    return { packed: packCiphertext(seeded, this.parameters.primes), words }
  }

  #keep<T extends { delete(): void }>(object: T): T {
    this.#own.push(object)
    return object
  }

  #load(ciphertext: Ciphertext, bytes: Uint8Array): Ciphertext {
    ciphertext.loadFromArray(this.#context, bytes)
    return ciphertext
  }

  #save(ciphertext: Ciphertext): Uint8Array {
    return ciphertext.saveToArray(this.seal.ComprModeType.none) as Uint8Array
  }

  #unary(value: Uint8Array, operation: (from: Ciphertext, to: Ciphertext) => void): Uint8Array {
    return this.#withCiphertexts(2, (from, to) => {
      operation(this.#load(from, value), to)
      return this.#save(to)
    })
  }

  #withCiphertexts<T>(count: number, use: (...ciphertexts: Ciphertext[]) => T): T {
    const ciphertexts = Array.from({ length: count }, () => new this.seal.Ciphertext())
    try {
      return use(...ciphertexts)
    } finally {
      ciphertexts.forEach((ciphertext) => ciphertext.delete())
    }
  }

  #withPlaintext<T>(use: (plain: Plaintext) => T): T {
    const plain = new this.seal.Plaintext()
    try {
      return use(plain)
    } finally {
      plain.delete()
    }
  }
}

export interface BenchTools {
  readonly evaluator: InstanceType<MainModule['Evaluator']>
  readonly inputs: readonly Ciphertext[]
  readonly out: Ciphertext
  readonly other: Ciphertext
  readonly relin: RelinKeys
  readonly galois: GaloisKeys
  /** With the public key, at the first level. */
  readonly encrypt: (slots: Float64Array, scale: number) => void
}
