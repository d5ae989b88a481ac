import type { FileNode } from '../file-node.js'
import { arithmetic } from './arithmetic.js'
import { attentions } from './attention.js'
import { constants } from './constants.js'
import { elements } from './elements.js'
import { losses } from './losses.js'
import { normalizations } from './normalizations.js'
import { older } from './older.js'
import type { Rewrite } from './rewrite.js'
import { shapes } from './shapes.js'

/** The operators of files that are not taken over as they are, by name. */
const rewrites: ReadonlyMap<string, Rewrite> = new Map(
  Object.entries({
    ...constants,
    ...shapes,
    ...arithmetic,
    ...elements,
    ...normalizations,
    ...losses,
    ...attentions,
  }),
)

/** How a node is written: as its opset has its operator, else as the newest has it; undefined: it is taken over. */
export function rewriteOf({ op, domain, opset }: FileNode): Rewrite | undefined {
  if (domain !== '') return undefined
  const form = older.get(op)?.find(({ below }) => opset < below)
  return form?.rewrite ?? rewrites.get(op)
}

export const hasRewrite = (op: string): boolean => rewrites.has(op) || older.has(op)
