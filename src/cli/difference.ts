import type { Analysis } from '../compiler/analyze.js'
import { Lines } from '../diagnostics/positions.js'
import type { Difference } from '../experiments/experiment.js'

/** The declarations that one of two pipelines is made of and the other is not, in the order in which they are merged. */
export function differenceOf(variant: Analysis, base: Analysis | undefined): readonly Difference[] {
  const [own, others] = [
    declarationsOf(variant),
    base ? declarationsOf(base) : new Map<string, Declaration>(),
  ]
  const less = (a: typeof own, b: typeof own, of: Difference['of']): readonly Difference[] =>
    [...a].flatMap(([place, one]) => (b.has(place) ? [] : [{ ...one, of }]))
  return [...less(others, own, 'base'), ...less(own, others, 'variant')]
}

type Declaration = Omit<Difference, 'of'>

/** By their places. */
function declarationsOf({ program, pipeline }: Analysis): ReadonlyMap<string, Declaration> {
  return new Map(
    (pipeline?.lineage ?? []).map(({ file, start, end }) => {
      const text = program.files.get(file)?.text ?? ''
      const { line, column } = new Lines(text).positionOf(start)
      return [
        `${file} ${start}`,
        { at: `${file}:${line}`, text: outdented(text.slice(start, end), column - 1) },
      ]
    }),
  )
}

/** Without the indentation of its first line. */
const outdented = (text: string, by: number): string =>
  text
    .split('\n')
    .map((line, k) => (k > 0 && line.slice(0, by).trim() === '' ? line.slice(by) : line).trimEnd())
    .join('\n')
