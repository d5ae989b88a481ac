import { Lines } from '../diagnostics/positions.js'
import type { FlatPipeline } from './2-resolve/flatten.js'
import type { Program } from './2-resolve/program.js'
import type { Manifest } from '../artefact/manifest.js'

/** A line that a newcomer may change first: the last number among the pipeline's params. */
export function editHint(program: Program, pipeline: FlatPipeline): Manifest['edit_hint'] {
  const params = [...pipeline.items.values()].flatMap(({ item }) =>
    item.kind === 'param' && (item.value.kind === 'float' || item.value.kind === 'int') ? [item] : [],
  )
  const chosen = params.findLast((p) => p.value.kind === 'float') ?? params[params.length - 1]
  const text = chosen && program.files.get(chosen.span.file)?.text
  if (!chosen || text === undefined) return null
  const lines = new Lines(text)
  const { line } = lines.positionOf(chosen.span.start)
  return { at: `${chosen.span.file}:${line}`, text: lines.lineText(line).trim() }
}
