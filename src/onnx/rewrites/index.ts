import { arithmetic } from './arithmetic.js'
import { constants } from './constants.js'
import type { Rewrite } from './rewrite.js'
import { shapes } from './shapes.js'

/** The operators of files that are not taken over as they are. */
export const rewrites: Readonly<Record<string, Rewrite>> = { ...constants, ...shapes, ...arithmetic }
