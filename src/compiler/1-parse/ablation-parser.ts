import type { Rule } from './parser-base.js'
import { PipelineParser } from './pipeline-parser.js'
import type {
  AblationDeclaration,
  AblationEntry,
  PrimaryEntry,
  SelectEntry,
  SeedsEntry,
  VariantEntry,
  VaryEntry,
} from './syntax.js'
import * as t from './tokens.js'

const changed = (change: VariantEntry['change']): VariantEntry['change'] => change

/** Ablations: variants of a pipeline, values of its params, seeds. */
export abstract class AblationParser extends PipelineParser {
  protected readonly ablation: Rule<AblationDeclaration | undefined> = this.item('ablation', () => {
    const first = this.CONSUME(t.Ablation)
    const name = this.SUBRULE(this.name)
    this.CONSUME(t.Of)
    const of = this.SUBRULE1(this.name)
    const entries: AblationEntry[] = []
    const open = this.CONSUME(t.LeftCurly)
    this.entries({
      sign: ';',
      open,
      where: 'an ablation',
      alternatives: [
        { ALT: () => this.keep(entries, this.SUBRULE(this.variant)) },
        { ALT: () => this.keep(entries, this.SUBRULE(this.vary)) },
        { ALT: () => this.keep(entries, this.SUBRULE(this.selection)) },
        { ALT: () => this.keep(entries, this.SUBRULE(this.seeds)) },
        { ALT: () => this.keep(entries, this.SUBRULE(this.endpoints)) },
      ],
    })
    this.CONSUME(t.RightCurly)
    return this.ACTION(() => ({ kind: 'ablation', name, of, entries, ...this.about({ first }) }))
  })

  /** `variant a { override param tau = 0.2 }`, `variant b of naive { ... }` or `variant naive = naive` */
  private readonly variant: Rule<VariantEntry | undefined> = this.item('variant', () => {
    const first = this.CONSUME(t.Variant)
    const name = this.SUBRULE(this.name)
    const said: Pick<VariantEntry, 'change' | 'of'> = this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Equals)
          return { change: changed(this.SUBRULE1(this.name)) }
        },
      },
      {
        ALT: () => {
          const of = this.OPTION(() => {
            this.CONSUME(t.Of)
            return this.SUBRULE2(this.name)
          })
          const items = this.SUBRULE(this.pipelineItems, { ARGS: ['a variant'] })
          return { change: changed(items), ...(of ? { of } : {}) }
        },
      },
    ])
    return this.ACTION(() => ({ kind: 'variant', name, ...said, ...this.about({ first }) }))
  })

  /** `vary tau in [0.05, 0.1]` */
  private readonly vary: Rule<VaryEntry | undefined> = this.item('vary', () => {
    const first = this.CONSUME(t.Vary)
    const param = this.SUBRULE(this.name)
    this.CONSUME(t.In)
    const values = this.SUBRULE(this.element)
    return this.ACTION(() => ({ kind: 'vary', param, values, span: this.from(first) }))
  })

  /** `select lr in [1e-3, 1e-2] by valid.r2 on seeds 100..103` */
  private readonly selection: Rule<SelectEntry | undefined> = this.item('selection', () => {
    const first = this.CONSUME(t.Select)
    const param = this.SUBRULE(this.name)
    this.CONSUME(t.In)
    const values = this.SUBRULE(this.element)
    this.CONSUME(t.By)
    const by = this.SUBRULE(this.metric)
    this.CONSUME(t.On)
    this.CONSUME(t.Seeds)
    const seeds = this.SUBRULE1(this.element)
    return this.ACTION(() => ({ kind: 'select', param, values, by, seeds, span: this.from(first) }))
  })

  /** `primary mnist.nmi, pixels.r2` */
  private readonly endpoints: Rule<PrimaryEntry | undefined> = this.item('endpoints', () => {
    const first = this.CONSUME(t.Primary)
    const metrics = [this.SUBRULE(this.metric)]
    this.MANY(() => {
      this.CONSUME(t.Comma)
      metrics.push(this.SUBRULE1(this.metric))
    })
    return this.ACTION(() => ({ kind: 'primary', metrics, span: this.from(first) }))
  })

  /** `seeds 0..=2` */
  private readonly seeds: Rule<SeedsEntry | undefined> = this.item('seeds', () => {
    const first = this.CONSUME(t.Seeds)
    const values = this.SUBRULE(this.element)
    return this.ACTION(() => ({ kind: 'seeds', values, span: this.from(first) }))
  })
}
