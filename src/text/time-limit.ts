/** Work took longer than it may. */
export class TimeLimit extends Error {
  constructor(readonly seconds: number) {
    super(`it takes longer than ${seconds} seconds`)
  }
}

const vm = (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule?.('node:vm')
const call = vm && new vm.Script('work()')

/**
 * Does work that a stranger's file makes up, such as matching its regular expressions, of which some take time that
 * doubles with each character of a text. Node ends it after so many seconds with TimeLimit; a platform that cannot does
 * it all the same.
 */
export function within<T>(seconds: number, work: () => T): T {
  if (!vm || !call) return work()
  try {
    return call.runInContext(vm.createContext({ work }), { timeout: seconds * 1000 }) as T
  } catch (error) {
    throw isTimeout(error) ? new TimeLimit(seconds) : error
  }
}

/** The error is of the context's own class. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
