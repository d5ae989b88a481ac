import type { ParserMethod } from 'chevrotain'
import { cannotOverride, needlessSign, unknownCondition } from '../../diagnostics/catalogue/syntax.js'
import { DeclarationParser, type Head } from './declaration-parser.js'
import type { Rule } from './parser-base.js'
import type {
  Allow,
  FreezeClause,
  KeepClause,
  MetricPath,
  MonitorClause,
  ParameterCondition,
  ParameterPath,
  PathSegment,
  RemoveItem,
  StageClause,
  StageEntry,
  StageItem,
  GuardClause,
  StopClause,
  TrainClause,
  TrainGroup,
  UpdateItem,
  ValueClause,
} from './syntax.js'
import * as t from './tokens.js'

const comparisons = [t.EqualEqual, t.NotEqual, t.Less, t.LessEqual, t.Greater, t.GreaterEqual]
type Setting = TrainGroup['settings'][number]
const segmentOf = (segment: PathSegment): PathSegment => segment

/** Stages of a pipeline and their clauses. */
export abstract class StageParser extends DeclarationParser {
  protected readonly stage: ParserMethod<[Head?], StageItem> = this.part('stage', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Stage)
    const name = this.SUBRULE(this.name)
    const clauses: StageEntry[] = []
    const open = this.CONSUME(t.LeftCurly)
    this.entries({
      sign: ';',
      open,
      where: 'a stage',
      alternatives: [
        { GATE: () => this.atStageEntry(), ALT: () => this.keep(clauses, this.SUBRULE(this.stageEntry)) },
      ],
    })
    this.CONSUME(t.RightCurly)
    return this.ACTION(() => ({
      kind: 'stage',
      name,
      clauses,
      ...this.about(head),
    }))
  })

  /** In a stage `override` and `remove` are of what has a name there; others belong to the pipeline. */
  private atStageEntry(): boolean {
    if (this.next(t.Override)) return this.next(t.Update, 2)
    return !this.next(t.Remove) || this.next(t.Update, 2) || this.next(t.Monitor, 2)
  }

  private readonly stageEntry: Rule<StageEntry | undefined> = this.item('stageEntry', () =>
    this.OR([
      { GATE: () => !this.next(t.Update) || this.next(t.Name, 2), ALT: () => this.SUBRULE(this.update) },
      { ALT: () => this.SUBRULE(this.remove) },
      { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.clause) },
    ]),
  )

  /** `update critic { times 5; train critic; minimize loss; optimizer adamw(lr = 1e-4) }` */
  private readonly update: Rule<UpdateItem> = this.part('update', () => {
    const first = this.LA(1)
    const override = this.OPTION(() => this.CONSUME(t.Override)) !== undefined
    this.CONSUME(t.Update)
    const name = this.SUBRULE(this.name)
    const clauses: StageClause[] = []
    const open = this.CONSUME(t.LeftCurly)
    this.entries({
      sign: ';',
      open,
      where: 'an update',
      alternatives: [{ ALT: () => this.keep(clauses, this.SUBRULE(this.clause)) }],
    })
    this.CONSUME(t.RightCurly)
    return this.ACTION(() => ({ kind: 'update', name, clauses, ...this.about({ first, override }) }))
  })

  /** `remove stage align`, `remove allow "name/unused"`; in a stage `remove update critic`, `remove monitor conflict` */
  protected readonly remove: ParserMethod<[Head?], RemoveItem> = this.part('remove', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Remove)
    const what = this.CONSUME(t.Word)
    const name = this.OR([
      { GATE: () => what.tokenType === t.Allow, ALT: () => this.SUBRULE(this.quoted) },
      { ALT: () => this.SUBRULE(this.name) },
    ])
    return this.ACTION(() => {
      this.refuseOverride(head, 'remove')
      return {
        kind: 'remove',
        what: this.identifier(what),
        name,
        span: this.from(head.first),
      }
    })
  })

  protected refuseOverride(head: Head, word: 'export' | 'remove' | 'allow'): void {
    if (head.override) this.report(cannotOverride(this.spanOf(head.first), { word }))
  }

  private readonly clause: Rule<StageClause | undefined> = this.item('clause', () =>
    this.OR([
      { ALT: () => this.SUBRULE(this.train) },
      { ALT: () => this.SUBRULE(this.freeze) },
      { ALT: () => this.SUBRULE(this.allow) },
      { ALT: () => this.SUBRULE(this.monitor) },
      { ALT: () => this.SUBRULE(this.keepClause) },
      { ALT: () => this.SUBRULE(this.stop) },
      { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.valueClause) },
    ]),
  )

  /** `train proj { lr = 1e-4 }, clip.layers[2..].*` */
  private readonly train: Rule<TrainClause> = this.part('train', () => {
    const first = this.CONSUME(t.Train)
    const groups = [this.SUBRULE(this.trainGroup)]
    this.MANY(() => {
      this.CONSUME(t.Comma)
      groups.push(this.SUBRULE1(this.trainGroup))
    })
    return this.ACTION(() => ({ kind: 'train' as const, groups, span: this.from(first) }))
  })

  /** `freeze clip.visual_projection, vae` */
  private readonly freeze: Rule<FreezeClause> = this.part('freeze', () => {
    const first = this.CONSUME(t.Freeze)
    const paths = [this.SUBRULE(this.path)]
    this.MANY(() => {
      this.CONSUME(t.Comma)
      paths.push(this.SUBRULE1(this.path))
    })
    return this.ACTION(() => ({ kind: 'freeze' as const, paths, span: this.from(first) }))
  })

  /** `allow "stage/coupled-accumulation" "as published"` */
  protected readonly allow: Rule<Allow> = this.part('allow', () => {
    const first = this.CONSUME(t.Allow)
    const code = this.SUBRULE(this.quoted)
    const reason = this.SUBRULE1(this.quoted)
    return this.ACTION(() => ({ kind: 'allow' as const, code, reason, span: this.from(first) }))
  })

  private readonly trainGroup: Rule<TrainGroup> = this.part('trainGroup', () => {
    const path = this.SUBRULE(this.path)
    const except: ParameterPath[] = []
    this.MANY(() => {
      this.CONSUME(t.Except)
      except.push(this.SUBRULE1(this.path))
    })
    const where = this.OPTION1(() => this.SUBRULE(this.where)) ?? []
    const settings = this.OPTION(() => this.SUBRULE(this.settings)) ?? []
    return this.ACTION(() => ({ path, except, where, settings, span: this.from(path.span) }))
  })

  /** `where rank < 2 and kind in [LayerNorm]` */
  private readonly where: Rule<ParameterCondition[]> = this.part('where', () => {
    this.CONSUME(t.Where)
    const conditions = [this.SUBRULE(this.condition)]
    this.MANY(() => {
      this.CONSUME(t.And)
      conditions.push(this.SUBRULE1(this.condition))
    })
    return conditions
  })

  private readonly comparisons = comparisons.map((type) => ({ ALT: () => this.CONSUME(type) }))

  private readonly condition: Rule<ParameterCondition> = this.part('condition', () => {
    const word = this.CONSUME(t.Name)
    this.ACTION(() => {
      const known = this.next(t.In) ? 'kind' : 'rank'
      if (word.image !== known) this.report(unknownCondition(this.spanOf(word), { word: word.image }))
    })
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(t.In)
          const modules = this.SUBRULE(this.postfix)
          return this.ACTION((): ParameterCondition => ({ kind: 'kind', modules, span: this.from(word) }))
        },
      },
      {
        ALT: () => {
          const { image } = this.OR1(this.comparisons)
          const value = this.SUBRULE1(this.postfix)
          return this.ACTION((): ParameterCondition => {
            const operator = image as (ParameterCondition & { kind: 'rank' })['operator']
            return { kind: 'rank', operator, value, span: this.from(word) }
          })
        },
      },
    ])
  })

  private readonly settings: Rule<TrainGroup['settings']> = this.part('settings', () => {
    const settings: Setting[] = []
    this.CONSUME(t.LeftCurly)
    this.entries({
      sign: ',',
      goesOn: () => this.next(t.Word) && !this.atDeclaration(),
      alternatives: [{ ALT: () => this.keep(settings, this.SUBRULE(this.setting)) }],
    })
    this.CONSUME(t.RightCurly)
    return settings
  })

  private readonly setting: Rule<Setting> = this.part('setting', () => {
    const name = this.SUBRULE(this.name)
    const value = this.SUBRULE(this.initial, { ARGS: ['`train a { lr = 1e-4 }`'] })
    return { name, value }
  })

  private readonly path: Rule<ParameterPath> = this.part('path', () => {
    const root = this.CONSUME(t.Name)
    const segments: PathSegment[] = []
    this.MANY(() => {
      const segment = this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Dot)
            return this.OR1([
              {
                ALT: () => {
                  this.CONSUME(t.Star)
                  return segmentOf({ kind: 'any' })
                },
              },
              {
                ALT: () => {
                  this.CONSUME(t.Power)
                  return segmentOf({ kind: 'deep' })
                },
              },
              {
                ALT: () => {
                  const name = this.CONSUME(t.Word)
                  return this.ACTION(() => segmentOf({ kind: 'field', name: this.identifier(name) }))
                },
              },
            ])
          },
        },
        {
          ALT: () => {
            this.openIndex(this.CONSUME(t.IndexSquare))
            const index = this.SUBRULE(this.bound)
            this.CONSUME(t.RightSquare)
            return segmentOf({ kind: 'index', index })
          },
        },
      ])
      segments.push(segment)
    })
    return this.ACTION(() => ({ root: this.identifier(root), segments, span: this.from(root) }))
  })

  /** `monitor name = e every 10` */
  private readonly monitor: Rule<MonitorClause> = this.part('monitor', () => {
    const first = this.CONSUME(t.Monitor)
    const name = this.SUBRULE(this.name)
    const value = this.SUBRULE(this.initial, { ARGS: ['`monitor name = value every 10`'] })
    const every = this.OPTION(() => {
      this.CONSUME(t.Every)
      return this.SUBRULE(this.element)
    })
    return this.ACTION(() => {
      const span = this.from(first)
      return { kind: 'monitor' as const, name, value, ...(every ? { every } : {}), span }
    })
  })

  /** `keep last 3`, `keep best(valid.accuracy)` */
  private readonly keepClause: Rule<KeepClause> = this.part('keepClause', () => {
    const first = this.CONSUME(t.Keep)
    const what = this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Last)
          return { last: this.SUBRULE(this.element) }
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Best)
          this.CONSUME(t.CallParen)
          const best = this.SUBRULE(this.metric)
          this.CONSUME(t.RightParen)
          return { best }
        },
      },
    ])
    return this.ACTION(() => ({ kind: 'keep', ...what, span: this.from(first) }))
  })

  /** `stop when valid.accuracy stalls 5`, `stop when loss > 1e3 for 10 steps` */
  private readonly stop: Rule<StopClause | GuardClause> = this.part('stop', () => {
    const first = this.CONSUME(t.Stop)
    this.CONSUME(t.When)
    return this.OR([
      {
        GATE: () => this.next(t.Loss) && !this.next(t.Dot, 2),
        ALT: () => {
          this.CONSUME(t.Loss)
          this.CONSUME(t.Greater)
          const above = this.SUBRULE(this.element)
          this.CONSUME(t.For)
          const steps = this.SUBRULE1(this.element)
          const word = this.OR1([{ ALT: () => this.CONSUME(t.Steps) }, { ALT: () => this.CONSUME(t.Step) }])
          return this.ACTION((): GuardClause => {
            const unit = word.tokenType === t.Step ? 'step' : 'steps'
            return { kind: 'guard', above, steps, unit, span: this.from(first) }
          })
        },
      },
      {
        IGNORE_AMBIGUITIES: true,
        ALT: () => {
          const metric = this.SUBRULE(this.metric)
          this.CONSUME(t.Stalls)
          const stalls = this.SUBRULE2(this.element)
          return this.ACTION((): StopClause => ({ kind: 'stop', metric, stalls, span: this.from(first) }))
        },
      },
    ])
  })

  /** `valid.accuracy`: an evaluation and what it measures */
  protected readonly metric: Rule<MetricPath> = this.part('metric', () => {
    const evaluation = this.SUBRULE(this.name)
    this.CONSUME(t.Dot)
    const first = this.CONSUME(t.Word)
    const path = [this.ACTION(() => this.identifier(first))]
    this.MANY(() => {
      this.CONSUME1(t.Dot)
      const name = this.CONSUME1(t.Word)
      this.ACTION(() => path.push(this.identifier(name)))
    })
    return this.ACTION(() => ({ evaluation, path, span: this.from(evaluation.span) }))
  })

  /** `steps 300`, `minimize a + b`, `optimizer adamw(lr = 1e-4)`, `memory 16 GB` */
  private readonly valueClause: Rule<ValueClause> = this.part('valueClause', () => {
    const token = this.CONSUME(t.Name)
    this.OPTION(() => this.SUBRULE(this.needlessSign))
    const value = this.OR([
      { GATE: () => !this.startsLine(), ALT: () => this.SUBRULE(this.value) },
      { ALT: () => this.make(() => this.missing()) },
    ])
    // Micro-batches alone are accumulated in two ways.
    const exact = this.OPTION1({
      GATE: () => token.image === 'accumulate' && !this.startsLine() && this.next(t.Exact),
      DEF: () => this.CONSUME(t.Exact),
    })
    return this.ACTION(() => ({
      kind: 'clause',
      name: this.identifier(token),
      value,
      ...(exact ? { exact: this.identifier(exact) } : {}),
      span: this.from(token),
    }))
  })

  /** `steps = 300`: a clause has no sign between its word and its value. */
  private readonly needlessSign: Rule<void> = this.part('needlessSign', () => {
    const word = this.LA(0).image
    const sign = this.OR([{ ALT: () => this.CONSUME(t.Equals) }, { ALT: () => this.CONSUME(t.Colon) }])
    this.ACTION(() => this.report(needlessSign(this.spanOf(sign), { sign: sign.image, word })))
  })
}
