import type { Builtins } from '../2-resolve/check-names.js'
import { initializerNames } from './initializers.js'
import { builtinNames } from './scope.js'

/** The names that mean something in every file. */
export const builtins: Builtins = { names: builtinNames, initialValues: initializerNames }
