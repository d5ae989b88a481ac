import type { ParserMethod } from 'chevrotain'
import { overrideType } from '../../diagnostics/catalogue/syntax.js'
import type { Head } from './declaration-parser.js'
import { stringOf } from './mistakes.js'
import type { Rule } from './parser-base.js'
import { StageParser } from './stage-parser.js'
import type {
  AdapterItem,
  Cadence,
  DataField,
  DataItem,
  DataLet,
  EvaluateCases,
  EvaluateItem,
  ExportItem,
  Identifier,
  LossItem,
  ModelItem,
  NextItem,
  ParamItem,
  PipelineDeclaration,
  PipelineItem,
  StateItem,
} from './syntax.js'
import * as t from './tokens.js'

/** Pipelines and what stands in them. */
export abstract class PipelineParser extends StageParser {
  protected readonly pipeline: Rule<PipelineDeclaration | undefined> = this.item('pipeline', () => {
    const first = this.CONSUME(t.Pipeline)
    const name = this.SUBRULE(this.name)
    const base = this.OPTION(() => {
      this.CONSUME(t.Extends)
      return this.SUBRULE1(this.name)
    })
    const items = this.SUBRULE(this.pipelineItems, { ARGS: ['a pipeline'] })
    return this.ACTION(() => ({
      kind: 'pipeline',
      name,
      ...(base ? { extends: base } : {}),
      items,
      ...this.about({ first }),
    }))
  })

  /** The declarations of a pipeline or of a variant of one, in braces. */
  protected readonly pipelineItems: ParserMethod<[string?], PipelineItem[]> = this.part(
    'pipelineItems',
    (where = 'a pipeline') => {
      const items: PipelineItem[] = []
      const open = this.CONSUME(t.LeftCurly)
      this.entries({
        sign: ';',
        open,
        where: where,
        alternatives: [{ ALT: () => this.keep(items, this.SUBRULE(this.pipelineItem)) }],
      })
      this.CONSUME(t.RightCurly)
      return items
    },
  )

  private readonly pipelineItem: Rule<PipelineItem | undefined> = this.item('pipelineItem', () => {
    const first = this.LA(1)
    const word = this.OPTION(() => this.CONSUME(t.Override))
    const ARGS: [Head] = [{ first, override: word !== undefined }]
    return this.OR([
      { ALT: () => this.SUBRULE(this.param, { ARGS }) },
      { ALT: () => this.SUBRULE(this.data, { ARGS }) },
      { ALT: () => this.SUBRULE(this.model, { ARGS }) },
      { ALT: () => this.SUBRULE(this.adapter, { ARGS }) },
      { ALT: () => this.SUBRULE(this.state, { ARGS }) },
      { ALT: () => this.SUBRULE(this.nextValue, { ARGS }) },
      { ALT: () => this.SUBRULE(this.let, { ARGS }) },
      { ALT: () => this.SUBRULE(this.fn, { ARGS }) },
      { ALT: () => this.SUBRULE(this.loss, { ARGS }) },
      { ALT: () => this.SUBRULE(this.stage, { ARGS }) },
      { ALT: () => this.SUBRULE(this.evaluate, { ARGS }) },
      { ALT: () => this.SUBRULE(this.export, { ARGS }) },
      { ALT: () => this.SUBRULE(this.remove, { ARGS }) },
      {
        ALT: () => {
          const allowed = this.SUBRULE(this.allow)
          this.ACTION(() => this.refuseOverride(ARGS[0], 'allow'))
          return allowed
        },
      },
    ])
  })

  /** `param tau: float = 0.1`, `override param tau = 0.2` */
  private readonly param: ParserMethod<[Head?], ParamItem> = this.part('param', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Param)
    const name = this.SUBRULE(this.name)
    const form = head.override ? '`override param name = value`' : '`param name: type = value`'
    const written = this.OPTION(() => this.SUBRULE(this.typed, { ARGS: [form] }))
    const type = written ?? this.ACTION(() => (head.override ? undefined : this.missingType(form)))
    const behind = this.ACTION(() => this.endOfLast())
    const value = this.SUBRULE(this.initial, { ARGS: [form] })
    return this.ACTION(() => {
      const about = this.about(head)
      if (!head.override || !type) return { kind: 'param', name, ...(type ? { type } : {}), value, ...about }
      const span = { ...name.span, start: name.span.end, end: behind }
      this.report(overrideType(span, { name: name.text }))
      return { kind: 'param', name, value, ...about }
    })
  })

  /** `data emoji = emoji_art() rows batch { image: f32[3, 32, 32] = image }` */
  private readonly data: ParserMethod<[Head?], DataItem> = this.part('data', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Data)
    const name = this.SUBRULE(this.name)
    return this.OR([
      {
        GATE: () => head.override === true && (this.next(t.LeftCurly) || this.next(t.Rows)),
        IGNORE_AMBIGUITIES: true,
        ALT: () => {
          const rest = this.SUBRULE(this.dataRest)
          return this.ACTION((): DataItem => ({ kind: 'data', name, ...rest, ...this.about(head) }))
        },
      },
      {
        ALT: () => {
          const source = this.SUBRULE(this.initial, {
            ARGS: ['`data name = source(...) rows 32 { field: type = expression }`'],
          })
          const rest = this.SUBRULE1(this.dataRest)
          return this.ACTION((): DataItem => ({ kind: 'data', name, source, ...rest, ...this.about(head) }))
        },
      },
    ])
  })

  /** `rows batch { image: f32[3, 32, 32] = image }`, each of which may be left out. */
  private readonly dataRest: Rule<Pick<DataItem, 'rows' | 'fields' | 'lets'>> = this.part('dataRest', () => {
    const rows = this.OPTION(() => {
      this.CONSUME(t.Rows)
      return this.SUBRULE(this.element)
    })
    const block = this.OPTION1(() => this.SUBRULE(this.dataBlock)) ?? { fields: [], lets: [] }
    return this.ACTION(() => ({ ...(rows ? { rows } : {}), ...block }))
  })

  private readonly dataBlock: Rule<Pick<DataItem, 'fields' | 'lets'>> = this.part('dataBlock', () => {
    const fields: DataField[] = []
    const lets: DataLet[] = []
    const open = this.CONSUME(t.LeftCurly)
    this.entries({
      sign: ',',
      open,
      where: 'a data block',
      alternatives: [
        { ALT: () => this.keep(lets, this.SUBRULE(this.dataLet)) },
        { ALT: () => this.keep(fields, this.SUBRULE(this.dataField)) },
      ],
    })
    this.CONSUME(t.RightCurly)
    return { fields, lets }
  })

  /** `let crop = random_resized_crop(image, 64)` */
  private readonly dataLet: Rule<DataLet | undefined> = this.item('dataLet', () => {
    const first = this.CONSUME(t.Let)
    const name = this.SUBRULE(this.name)
    const value = this.SUBRULE(this.initial, { ARGS: ['`let name = expression`'] })
    return this.ACTION(() => ({ name, value, span: this.from(first) }))
  })

  private readonly dataField: Rule<DataField | undefined> = this.item('dataField', () => {
    const first = this.LA(1)
    const override = this.OPTION(() => this.CONSUME(t.Override)) !== undefined
    const token = this.CONSUME(t.Name)
    const form = '`name: type = expression`'
    const type = this.SUBRULE(this.typed, { ARGS: [form] })
    const value = this.SUBRULE(this.initial, { ARGS: [form] })
    return this.ACTION(() => ({
      name: this.identifier(token),
      type,
      value,
      span: this.from(first),
      ...(override ? { override } : {}),
    }))
  })

  /** `model clip = ClipModel(tiny) from "weights/clip" ignore "*.position_ids" as bf16` */
  private readonly model: ParserMethod<[Head?], ModelItem> = this.part('model', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Model)
    const name = this.SUBRULE(this.name)
    const value = this.SUBRULE(this.initial, { ARGS: ['`model name = Module(...)`'] })
    const from = this.OPTION(() => {
      this.CONSUME(t.From)
      const place = this.SUBRULE(this.element)
      const strip = this.OPTION3(() => this.SUBRULE(this.stripped))
      const ignore = this.OPTION2(() => this.SUBRULE(this.ignored))
      return { from: place, ...(strip ? { strip } : {}), ...(ignore ? { ignore } : {}) }
    })
    const as = this.OPTION1(() => {
      this.CONSUME(t.As)
      return this.SUBRULE1(this.name)
    })
    return this.ACTION(() => ({
      kind: 'model',
      name,
      value,
      ...from,
      ...(as ? { as } : {}),
      ...this.about(head),
    }))
  })

  /** `strip "module."` */
  private readonly stripped: Rule<Identifier> = this.part('stripped', () => {
    this.CONSUME(t.Strip)
    const prefix = this.CONSUME(t.Text)
    return this.ACTION(() => ({ text: stringOf(prefix), span: this.spanOf(prefix) }))
  })

  /** `ignore "*.position_ids", "logit_bias"` */
  private readonly ignored: Rule<Identifier[]> = this.part('ignored', () => {
    this.CONSUME(t.Ignore)
    const patterns = [this.CONSUME(t.Text)]
    this.MANY(() => {
      this.CONSUME(t.Comma)
      patterns.push(this.CONSUME1(t.Text))
    })
    return this.ACTION(() => patterns.map((p) => ({ text: stringOf(p), span: this.spanOf(p) })))
  })

  /** `adapter enc = lora(clip.vision_model, rank = 16) from "adapters/enc"` */
  private readonly adapter: ParserMethod<[Head?], AdapterItem> = this.part('adapter', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Adapter)
    const name = this.SUBRULE(this.name)
    const value = this.SUBRULE(this.initial, { ARGS: ['`adapter name = lora(model, rank = 16)`'] })
    const from = this.OPTION(() => {
      this.CONSUME(t.From)
      return this.SUBRULE(this.element)
    })
    return this.ACTION(() => ({
      kind: 'adapter',
      name,
      value,
      ...(from ? { from } : {}),
      ...this.about(head),
    }))
  })

  /** `state queue: f32[4_096, 128] = normal()` or `state teacher = copy(net)` */
  private readonly state: ParserMethod<[Head?], StateItem> = this.part('state', (given) => {
    const head = this.head(given)
    this.CONSUME(t.State)
    const name = this.SUBRULE(this.name)
    const type = this.OPTION(() => {
      this.CONSUME(t.Colon)
      return this.SUBRULE(this.type)
    })
    const value = this.SUBRULE(this.initial, { ARGS: ['`state name: type = initial value`'] })
    return this.ACTION(() => ({ kind: 'state', name, ...(type ? { type } : {}), value, ...this.about(head) }))
  })

  /** `next teacher = m * teacher + (1.0 - m) * net after update` */
  private readonly nextValue: ParserMethod<[Head?], NextItem> = this.part('nextValue', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Next)
    const name = this.SUBRULE(this.name)
    const value = this.SUBRULE(this.initial, { ARGS: ['`next name = value`'] })
    const after = this.OPTION(() => {
      this.CONSUME(t.After)
      this.CONSUME(t.Update)
      return true
    })
    return this.ACTION(() => ({
      kind: 'next',
      name,
      value,
      ...(after ? { afterUpdate: true as const } : {}),
      ...this.about(head),
    }))
  })

  private readonly loss: ParserMethod<[Head?], LossItem> = this.part('loss', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Loss)
    const name = this.SUBRULE(this.name)
    const value = this.SUBRULE(this.initial, { ARGS: ['`loss name = value`'] })
    return this.ACTION(() => ({ kind: 'loss', name, value, ...this.about(head) }))
  })

  private readonly evaluate: ParserMethod<[Head?], EvaluateItem> = this.part('evaluate', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Evaluate)
    const name = this.SUBRULE(this.name)
    const value = this.SUBRULE(this.initialElement, { ARGS: ['`evaluate name = kind(...)`'] })
    const over = this.OPTION(() => this.SUBRULE(this.evaluateCases))
    const every = this.OPTION1(() => this.SUBRULE(this.cadence))
    return this.ACTION(() => ({
      kind: 'evaluate',
      name,
      value,
      ...(over ? { over } : {}),
      ...(every ? { every } : {}),
      ...this.about(head),
    }))
  })

  /** `for s in [mnist, cifar]` */
  private readonly evaluateCases: Rule<EvaluateCases> = this.part('evaluateCases', () => {
    this.CONSUME(t.For)
    const name = this.SUBRULE(this.name)
    this.CONSUME(t.In)
    const values = this.SUBRULE(this.element)
    return this.ACTION(() => ({ name, values }))
  })

  /** `every 500`, `every 1 epoch`, `every 2 epochs` */
  private readonly cadence: Rule<Cadence> = this.part('cadence', () => {
    const first = this.CONSUME(t.Every)
    const count = this.SUBRULE(this.element)
    const unit = this.OPTION({
      GATE: () => !this.startsLine(),
      DEF: () => this.OR([{ ALT: () => this.CONSUME(t.Epoch) }, { ALT: () => this.CONSUME(t.Epochs) }]),
    })
    return this.ACTION((): Cadence => {
      const span = this.from(first)
      return unit ? { count, unit: unit.tokenType === t.Epoch ? 'epoch' : 'epochs', span } : { count, span }
    })
  })

  private readonly export: ParserMethod<[Head?], ExportItem> = this.part('export', (given) => {
    const head = this.head(given)
    this.CONSUME(t.Export)
    const models = [this.SUBRULE(this.name)]
    this.MANY(() => {
      this.CONSUME(t.Comma)
      models.push(this.SUBRULE1(this.name))
    })
    return this.ACTION(() => {
      this.refuseOverride(head, 'export')
      const about = this.about({ first: head.first })
      return { kind: 'export', models, ...about }
    })
  })
}
