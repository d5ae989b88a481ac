import type { Declared } from '../artefact/manifest.js'
import type { FlatPipeline } from './2-resolve/flatten.js'
import { locator } from './2-resolve/locator.js'
import type { Program } from './2-resolve/program.js'

const told = new Set(['data', 'model', 'adapter', 'state', 'evaluate'])

/** Where the pipeline, and what a run may have to tell something of, is declared. */
export function declarations(
  program: Program,
  { name, span, items, stages }: FlatPipeline,
): readonly Declared[] {
  const locate = locator(program)
  return [
    { name, place: locate(span) },
    ...[...items].flatMap(([of, { item }]) =>
      'name' in item && told.has(item.kind) ? [{ name: of, place: locate(item.name.span) }] : [],
    ),
    ...stages.map((stage) => ({ name: stage.name.text, place: locate(stage.name.span) })),
  ]
}
