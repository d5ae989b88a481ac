import { noExecutor } from '../../diagnostics/catalogue/run.js'
import { type Span, UserError } from '../../diagnostics/diagnostic.js'
import { sessions } from '../../targets/sessions.js'
import { LibraryUnusable, openLibrary } from './c-api/library.js'
import type { ExecutorName } from './names.js'

/** The executor of a run: the one that is asked for, else the C API where it can be used. Throws UserError. */
export async function chooseExecutor(
  asked: ExecutorName | undefined,
  target: string,
  span: Span,
): Promise<ExecutorName> {
  if (asked === 'binding') return asked
  const problem =
    sessions[target]?.installed === undefined
      ? await problemOfCApi()
      : `it runs nothing of the target ${target} yet`
  if (problem === undefined) return 'c-api'
  if (asked !== undefined) throw new UserError(noExecutor(span, { name: asked, problem }))
  return 'binding'
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
