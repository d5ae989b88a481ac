import { unknownField, unknownName, unset } from '../../../diagnostics/catalogue/name.js'
import {
  badArguments,
  notCallable,
  operatorMismatch,
  shapeMismatch,
  wrongType,
} from '../../../diagnostics/catalogue/type.js'
import type { Diagnostic } from '../../../diagnostics/diagnostic.js'
import type { MadeUp } from './made-up.js'

const codes = (...kinds: readonly { readonly code: string }[]): ReadonlySet<string> =>
  new Set(kinds.map(({ code }) => code))

const ofKinds = codes(wrongType, notCallable, badArguments, unknownName, unknownField, unset)
const ofSizes = codes(operatorMismatch, shapeMismatch)

export const isOfSizes = ({ code }: Diagnostic): boolean => ofSizes.has(code)

/**
 * Whether a complaint about made-up values would be one about any values. One about sizes is where declarations introduced
 * all of them; a reshape is right for some sizes. What other kinds of mistakes say may be wrong of other values.
 */
export const isCertain = ({ code, message, span }: Diagnostic, madeUp: MadeUp): boolean =>
  madeUp.looksAt(span) &&
  (ofKinds.has(code) || (ofSizes.has(code) && !madeUp.guessed && !message.startsWith('reshape ')))
