import { idlePipeline } from '../../../diagnostics/catalogue/pipeline.js'
import type { Rule } from './rule.js'

/** Warns of a pipeline that would run nothing. */
export const idlePipelines: Rule = ({ pipeline }, diagnostics) => {
  const measures = [...pipeline.items.values()].some(({ item }) => item.kind === 'evaluate')
  if (pipeline.stages.length === 0 && !measures && pipeline.exports.length === 0)
    diagnostics.add(idlePipeline(pipeline.span, { name: pipeline.name }))
}
