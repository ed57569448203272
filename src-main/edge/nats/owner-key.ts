import { createPublicKey, verify } from 'node:crypto'
import { UserError } from '../../core/errors.ts'
import type { Bundle } from '../../files/open-bundle.ts'
import { fingerprintOf, hashFor } from '../../files/signature.ts'
import type { OpeningRequest } from '../../nats/openings.ts'

/**
 * Tells the owner's requests from others', by the key in the bundle: an opening shows an input in the clear.
 * @throws UserError unsigned-bundle
 */
export function ownersRequests({ ownerKey }: Bundle): (request: OpeningRequest, signed: Uint8Array) => boolean {
  if (ownerKey === undefined) {
    throw new UserError('unsigned-bundle', 'The bundle names no owner who may have its jobs opened.', {
      hint: "It belongs to a deployment with audits: use the owner's own file, which holds signer.pem.",
    })
  }
  return ({ signer, signature }, signed) => {
    try {
      const key = createPublicKey({ key: Buffer.from(signer, 'base64'), format: 'der', type: 'spki' })
      const isOwner = fingerprintOf(key) === ownerKey
      return isOwner && verify(hashFor(key), signed, key, Buffer.from(signature, 'base64'))
    } catch {
      return false
    }
  }
}
