import type { Manifest } from '../artefact/manifest.js'
import type { Span } from '../diagnostics/diagnostic.js'

/** Where what a run tells of stands in the source, as far as the texts that the pipeline was compiled from are at hand. */
export class Places {
  constructor(
    private readonly file: string,
    private readonly manifest?: Manifest,
    private readonly texts: ReadonlyMap<string, string> = new Map(),
  ) {}

  /** The pipeline, or its file as a whole. */
  get whole(): Span {
    const [pipeline] = this.manifest?.source_map.declared ?? []
    return (pipeline && this.find(pipeline.place)) ?? { file: this.file, start: 0, end: 0 }
  }

  /** The declaration of a model, an adapter, data, a stage or an evaluation. */
  of(name: string): Span {
    return this.at(this.manifest?.source_map.declared.findLast((d) => d.name === name)?.place)
  }

  /** A `file:line:column`. */
  at(place: string | null | undefined): Span {
    return (place ? this.find(place) : undefined) ?? this.whole
  }

  /** Up to the end of the word there. */
  private find(place: string): Span | undefined {
    const [, file = '', line = '', column = ''] = /^(.*):(\d+):(\d+)$/.exec(place) ?? []
    const text = this.texts.get(file)
    if (text === undefined) return undefined
    const before = text.split('\n').slice(0, Number(line) - 1)
    const start = before.reduce((sum, { length }) => sum + length + 1, 0) + Number(column) - 1
    const [word = ''] = /^\w*/.exec(text.slice(start)) ?? []
    return { file, start, end: start + Math.max(1, word.length) }
  }
}
