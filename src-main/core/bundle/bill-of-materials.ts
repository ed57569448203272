/** What a bundle was made with, in CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json */
import { z } from 'zod'
import { damagedBundle } from '../plan/damaged-bundle.ts'
import type { CkksParameters } from '../plan/plan.ts'
import { LOG_QP_TABLE, logQPOf, MAX_LOG_QP } from '../plan/security.ts'
import { parseJson } from './json.ts'

const maxBillBytes = 2 ** 20

/** A segment's parameters beside the bound that they obey. */
export interface SegmentParameters {
  /** From 0. */
  readonly segment: number
  readonly polyModulusDegree: number
  /** log2 of the product of all primes, to a hundredth. */
  readonly logQP: number
  /** The largest with 128-bit classical security; absent for a ring dimension that the table does not have. */
  readonly logQPBound?: number
}

/** What a bill of materials says of a segment's parameters. */
export function segmentParameters(segment: number, parameters: CkksParameters): SegmentParameters {
  const { polyModulusDegree } = parameters
  const logQPBound = MAX_LOG_QP.get(polyModulusDegree)
  const logQP = Math.round(100 * logQPOf(parameters)) / 100
  return { segment, polyModulusDegree, logQP, ...(logQPBound !== undefined && { logQPBound }) }
}

/** What makes and signs a bundle. */
export interface BillFacts {
  readonly deploymentId: string
  /** UTC, ISO 8601. */
  readonly created: string
  readonly formatVersion: string
  readonly versions: { readonly sealwright: string; readonly nodeSeal: string; readonly seal: string }
  readonly signatureCurve: 'P-256' | 'P-384'
  readonly segments: readonly SegmentParameters[]
}

/**
 * The bill of a bundle: cryptographic parameters, algorithms, and versions of what made it. Equal facts give equal bytes. It says nothing of the
 * network, neither its name nor its hash, its size or its accuracy.
 */
export function encodeBill(facts: BillFacts): Uint8Array {
  const { deploymentId, created, formatVersion, versions, signatureCurve, segments } = facts
  const maker = { type: 'application', name: 'sealwright', version: versions.sealwright }
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: created,
      tools: { components: [maker] },
      component: {
        ...{ type: 'data', 'bom-ref': 'bundle', name: 'sealed network', version: deploymentId },
        properties: properties({ bundleFormat: formatVersion }),
      },
    },
    components: [
      ...segments.map(ckks),
      algorithm('BLAKE2xb', 'xof', ['generate'], 'the seeded halves of ciphertexts and keys'),
      algorithm('SHA-256', 'hash', ['digest'], 'entries, weights, results'),
      algorithm(`ECDSA ${signatureCurve}`, 'signature', ['sign', 'verify'], 'OpenSSF Model Signing v1.0', {
        curve: signatureCurve,
      }),
      library('node-seal', versions.nodeSeal, `pkg:npm/node-seal@${versions.nodeSeal}`),
      library('Microsoft SEAL', versions.seal, `pkg:github/microsoft/SEAL@v${versions.seal}`),
    ],
  }
  return new TextEncoder().encode(`${JSON.stringify(bill, null, 2)}\n`)
}

function ckks(segment: SegmentParameters) {
  const { polyModulusDegree, logQP, logQPBound } = segment
  return {
    ...algorithm('CKKS', 'pke', ['keygen', 'encrypt', 'decrypt'], 'weights, inputs, results', {
      parameterSetIdentifier: `N=${polyModulusDegree} log2QP=${logQP}`,
      ...(logQPBound !== undefined && logQP <= logQPBound && { classicalSecurityLevel: 128 }),
    }),
    'bom-ref': `${ckksRef}${segment.segment}`,
    properties: properties({
      ...{ segment: segment.segment, polyModulusDegree, logQP },
      ...(logQPBound !== undefined && { logQPBound, logQPTable: LOG_QP_TABLE }),
    }),
  }
}

const ckksRef = 'ckks-segment-'
const namespace = 'sealwright:'

const properties = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values).map(([name, value]) => ({ name: `${namespace}${name}`, value: String(value) }))

const algorithm = (name: string, primitive: string, cryptoFunctions: string[], description: string, more = {}) => ({
  ...{ type: 'cryptographic-asset', 'bom-ref': name.toLowerCase().replace(/[^a-z0-9]+/g, '-'), name, description },
  cryptoProperties: { assetType: 'algorithm', algorithmProperties: { primitive, ...more, cryptoFunctions } },
})

const library = (name: string, version: string, purl: string) => ({ type: 'library', name, version, purl })

const text = z.string().max(1000)
const billSchema = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  components: z
    .array(
      z.looseObject({
        'bom-ref': text.optional(),
        ...{ type: text, name: text, version: text.optional() },
        properties: z
          .array(z.looseObject({ name: text, value: text }))
          .max(100)
          .optional(),
      }),
    )
    .max(1000),
})

/** Software and its version, as a bill names it. */
export interface BilledLibrary {
  readonly name: string
  readonly version?: string
}

/**
 * Reads a bill and compares its parameters with those of the bundle's plans. Returns the software that it names.
 * @throws UserError damaged-bundle
 */
export function checkBill(bytes: Uint8Array, segments: readonly SegmentParameters[]): BilledLibrary[] {
  const parsed = billSchema.safeParse(parseJson('bill of materials', bytes, maxBillBytes))
  if (!parsed.success) throw damagedBundle(`its bill of materials is not valid: ${z.prettifyError(parsed.error)}`)
  const { components } = parsed.data
  for (const expected of segments) {
    const found = components.find((component) => component['bom-ref'] === `${ckksRef}${expected.segment}`)
    const said = new Map(found?.properties?.map(({ name, value }) => [name, value]))
    const { polyModulusDegree, logQP } = expected
    if (
      !Object.entries({ polyModulusDegree, logQP }).every(
        ([name, value]) => said.get(`${namespace}${name}`) === String(value),
      )
    ) {
      throw damagedBundle(
        `its bill of materials states other parameters for segment ${expected.segment + 1} than its plan`,
      )
    }
  }
  return components
    .filter(({ type }) => type === 'library')
    .map(({ name, version }) => ({ name, ...(version !== undefined && { version }) }))
}
