import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream'
import { isMissing } from './problems.ts'

type Request = Parameters<JetStreamManager['streams']['getMessage']>[1]

/** The first message from a sequence number on whose subject matches; undefined where there is none. */
export async function nextMessage(
  manager: JetStreamManager,
  stream: string,
  subject: string,
  seq: number,
): Promise<StoredMsg | undefined> {
  // The server knows this request since 2.9; the client's types have it for direct requests only.
  const request = { seq, next_by_subj: subject } as Request
  return (await orMissing(manager.streams.getMessage(stream, request))) ?? undefined
}

/** Undefined where the server has no such stream, consumer or message. Other errors are thrown. */
export async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
