import { noExecutor } from '../../diagnostics/catalogue/run.js'
import { type Span, UserError } from '../../diagnostics/diagnostic.js'
import { LibraryUnusable, openLibrary } from './c-api/library.js'
import { sessionModel } from '../session.js'
import type { ExecutorName } from './names.js'

const installKoffi = '`npm install --include=optional` installs koffi where there is one for this machine'

/**
 * The executor of a run: the one that is asked for, else the C API where it can be used. A target with settings of its
 * provider needs it. Throws UserError.
 */
export async function chooseExecutor(
  asked: ExecutorName | undefined,
  target: string,
  span: Span,
): Promise<ExecutorName> {
  const needed = sessionModel(target).providerOptions !== undefined
  if (asked === 'binding') {
    if (!needed) return asked
    const problem = `it cannot say how the target ${target} is to compute`
    throw new UserError(noExecutor(span, { name: asked, problem, help: 'run without --executor' }))
  }
  const problem = await problemOfCApi()
  if (problem === undefined) return 'c-api'
  if (asked === undefined && !needed) return 'binding'
  const help = needed ? installKoffi : `run without --executor, which takes what works; ${installKoffi}`
  throw new UserError(noExecutor(span, { name: 'c-api', problem, help }))
}

/** Why the C API cannot be used here; undefined where it can. */
export async function problemOfCApi(): Promise<string | undefined> {
  try {
    await openLibrary()
    return undefined
  } catch (error) {
    if (error instanceof LibraryUnusable) return error.message
    throw error
  }
}
