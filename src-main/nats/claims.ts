import type { Msg } from '@nats-io/transport-node'
import { present } from '../core/must.ts'
import { answersStream, claimSubject, claimSubjects, namedClaimSubject, type ClaimPlace } from './names.ts'
import { nextMessage } from './next-message.ts'
import { natsProblem } from './problems.ts'
import type { Queues } from './queues.ts'

/*
 * In a deployment with audits every party states, on its own account, what it did for a job before the result is
 * opened: a SHA-256. So a false receipt has an author, and nobody can make one in another's name.
 */

/** Jobs whose claims are remembered; those before them are looked up. */
const most = 50_000
/** Claims of one place that are looked at. */
const mostOfPlace = 8

/** Resolves when the server has it. @throws UserError nats-unreachable, nats-forbidden */
export async function makeClaim(queues: Queues, job: string, place: ClaimPlace, stated: string): Promise<void> {
  try {
    await queues.publish(claimSubject(queues.deployment, job, place), stated)
  } catch (error) {
    throw natsProblem(error)
  }
}

/** The owner's view of a deployment's claims. */
export class Claims {
  readonly #queues: Queues
  /** Whether the server puts each party's own name into its claims' subjects; then no others count. */
  readonly #areNamed: boolean
  /** By job and place. */
  readonly #heard = new Map<string, { readonly stated: string; readonly party: string }[]>()

  constructor(queues: Queues, areNamed: boolean) {
    this.#queues = queues
    this.#areNamed = areNamed
    queues.connection.subscribe(claimSubjects(queues.deployment), {
      callback: (error, message) => {
        if (!error) this.#hear(message)
      },
    })
  }

  /**
   * Who states this of a job, the first where there are several: the party's name, '' where the server names none.
   * Undefined where nobody does. @throws UserError nats-unreachable
   */
  async authorOf(job: string, place: ClaimPlace, stated: string): Promise<string | undefined> {
    const heard = this.#heard.get(`${job} ${place}`)?.find((claim) => claim.stated === stated)
    return heard ? heard.party : await this.#lookUp(job, place, stated)
  }

  async #lookUp(job: string, place: ClaimPlace, stated: string): Promise<string | undefined> {
    const { manager, deployment } = this.#queues
    const subject = this.#areNamed
      ? namedClaimSubject(deployment, '*', job, place)
      : claimSubject(deployment, job, place)
    try {
      for (let seq = 1, looked = 0; looked < mostOfPlace; looked++) {
        const message = await nextMessage(manager, answersStream(deployment), subject, seq)
        if (!message) return undefined
        if (message.string() === stated) return partyOf(message.subject)
        seq = message.seq + 1
      }
    } catch (error) {
      throw natsProblem(error)
    }
    return undefined
  }

  #hear(message: Msg): void {
    const tokens = message.subject.split('.')
    if (tokens.length !== (this.#areNamed ? 6 : 5)) return
    const [job, place] = tokens.slice(-2)
    const key = `${job} ${place}`
    const heard = this.#heard.get(key) ?? []
    if (heard.length >= mostOfPlace) return
    heard.push({ stated: message.string().slice(0, 64), party: partyOf(message.subject) })
    this.#heard.set(key, heard)
    if (this.#heard.size > most) this.#heard.delete(present(this.#heard.keys().next().value))
  }
}

/** `sealwright.ID.claim.PARTY.JOB.PLACE` has it, `sealwright.ID.claim.JOB.PLACE` has none. */
function partyOf(subject: string): string {
  const tokens = subject.split('.')
  return tokens.length === 6 ? present(tokens[3]) : ''
}
