/** The only importer of ipcMain. */
import { ipcMain } from 'electron'
import type { IpcMainInvokeEvent } from 'electron'
import { InternalError, reportError, UserError } from '../core/errors.ts'
import { callNames, channelOf } from './calls.ts'
import type { CallName } from './calls.ts'
import { contract } from './contract.ts'
import type { Reply, Request, Result } from './contract.ts'
import { errorView } from './views.ts'

export type CallHandlers = { readonly [N in CallName]: (request: Request<N>) => Reply<N> | Promise<Reply<N>> }

/**
 * Answers every call of the contract. A call from a frame that `isTrusted` refuses, or whose request does not fit its
 * schema, never reaches its handler; a reply is cut down to its schema. Replies are results, never rejections.
 */
export function serveCalls(handlers: CallHandlers, isTrusted: (event: IpcMainInvokeEvent) => boolean): void {
  for (const name of callNames) serve(name)

  function serve<N extends CallName>(name: N): void {
    ipcMain.handle(channelOf(name), async (event, request: unknown): Promise<Result<Reply<N>>> => {
      try {
        if (!isTrusted(event)) throw new UserError('untrusted-sender', 'This page may not call Sealwright.')
        const parsed = contract[name].request.safeParse(request)
        if (!parsed.success) throw new UserError('bad-request', `${name}: ${parsed.error.issues[0]?.message}`)
        const reply = contract[name].reply.safeParse(await handlers[name](parsed.data as Request<N>))
        if (!reply.success) throw new InternalError(`${name} replied with something other than its contract says.`)
        return { ok: true, value: reply.data as Reply<N> }
      } catch (error) {
        return { ok: false, error: errorView.parse(reportError(error)) }
      }
    })
  }
}
