import type { Span } from '../../diagnostics/diagnostic.js'
import type { Quantity } from './units.js'

/** The syntax tree of one file. Every node carries its span; comments stand beside the tree, by offset. */
export interface SyntaxFile {
  readonly path: string
  readonly text: string
  readonly uses: readonly Use[]
  readonly declarations: readonly Declaration[]
  readonly comments: readonly Comment[]
}

/** A `// ...` or `/// ...` comment, text without the newline. */
export interface Comment {
  readonly text: string
  readonly span: Span
}

export interface Identifier {
  readonly text: string
  readonly span: Span
}

/** `use std.nn { Linear, LayerNorm as Norm }` or `use "./dcr.dcr" { dcr }`. */
export interface Use {
  readonly kind: 'use'
  /** `std.nn` for a module path, `./dcr.dcr` for a string. */
  readonly from: string
  readonly fromKind: 'module' | 'file'
  readonly names: readonly { readonly name: Identifier; readonly alias?: Identifier }[]
  readonly span: Span
}

export type Declaration =
  | ModuleDeclaration
  | RecordDeclaration
  | FunctionDeclaration
  | LetDeclaration
  | PipelineDeclaration
  | AblationDeclaration

interface Documented {
  /** The `///` lines directly above, joined; absent when there are none. */
  readonly doc?: string
  readonly span: Span
}

export interface Parameter {
  readonly name: Identifier
  readonly type?: TypeSyntax
  readonly default?: Expression
  readonly span: Span
}

/** `module Linear(d_in: int) { weight: float[..] = init if cond   act = expr   fn forward(x) = ... }` */
export interface ModuleDeclaration extends Documented {
  readonly kind: 'module'
  readonly name: Identifier
  readonly parameters: readonly Parameter[]
  readonly members: readonly ModuleMember[]
}

export type ModuleMember = WeightMember | FieldMember | FunctionDeclaration

/**
 * A trainable tensor: `weight: float[d_out, d_in] = kaiming_uniform(fan_in = d_in) if use_bias`; with `state` before it
 * one that `next` changes from step to step.
 */
export interface WeightMember extends Documented {
  readonly kind: 'weight'
  readonly state?: true
  readonly name: Identifier
  readonly type: TypeSyntax
  readonly init: Expression
  readonly condition?: Expression
}

/** A submodule, a list of them, or a static value: `layers = [Layer(c) for _ in 0..n]`. */
export interface FieldMember extends Documented {
  readonly kind: 'field'
  readonly name: Identifier
  readonly value: Expression
  readonly condition?: Expression
}

/** `record ClipVisionConfig { hidden_size: int = 768 }`; used as `ClipVisionConfig(hidden_size = 1024)`. */
export interface RecordDeclaration extends Documented {
  readonly kind: 'record'
  readonly name: Identifier
  /** The JSON file of a model's directory that it mirrors: `record ClipConfig from "config.json" { ... }`. */
  readonly mirrors?: Identifier
  readonly fields: readonly RecordField[]
  /** What it says of keys that are no fields, in the order of the source. */
  readonly rules: readonly (FixedKey | IgnoredKeys)[]
}

export interface RecordField extends Parameter {
  /** The keys that it is read from, where they are not its name: `text: T = T() from "text_config"`. */
  readonly keys?: readonly Identifier[]
}

/** `act_fn in ["silu"]`: a key that a file may give one of these values only, the first where it leaves it out. */
export interface FixedKey {
  readonly kind: 'fixed'
  readonly name: Identifier
  readonly values: Expression
  readonly span: Span
}

/** `ignore ["initializer_range"]`: keys of a file that say nothing here. */
export interface IgnoredKeys {
  readonly kind: 'ignored'
  readonly keys: Expression
  readonly span: Span
}

export interface FunctionDeclaration extends Documented {
  readonly kind: 'fn'
  readonly name: Identifier
  readonly parameters: readonly Parameter[]
  readonly result?: TypeSyntax
  /** A block when written with braces; any other expression when written with `=`. */
  readonly body: Expression
  readonly override?: boolean
}

/** At file level a named static value; in a pipeline a named value of the dataflow graph. */
export interface LetDeclaration extends Documented {
  readonly kind: 'let'
  readonly pattern: Pattern
  readonly value: Expression
  readonly override?: boolean
}

export type Pattern = NamePattern | TuplePattern
export interface NamePattern {
  readonly kind: 'name-pattern'
  readonly name: Identifier
  readonly span: Span
}
export interface TuplePattern {
  readonly kind: 'tuple-pattern'
  readonly items: readonly Pattern[]
  readonly span: Span
}

export interface PipelineDeclaration extends Documented {
  readonly kind: 'pipeline'
  readonly name: Identifier
  readonly extends?: Identifier
  readonly items: readonly PipelineItem[]
}

export type PipelineItem =
  | ParamItem
  | DataItem
  | ModelItem
  | AdapterItem
  | StateItem
  | NextItem
  | LetDeclaration
  | FunctionDeclaration
  | LossItem
  | StageItem
  | EvaluateItem
  | ExportItem
  | RemoveItem
  | Allow

interface Overridable extends Documented {
  readonly name: Identifier
  readonly override?: boolean
}

/** `param tau: float = 0.1`; a value that `--set tau=0.2` may replace. One that overrides keeps the inherited type. */
export interface ParamItem extends Overridable {
  readonly kind: 'param'
  readonly type?: TypeSyntax
  readonly value: Expression
}

/**
 * `data emoji = emoji_art(styles = ["noto"]) rows batch { image: f32[3, 32, 32] = image }`, `data few = limit(emoji, 100)`;
 * one that overrides keeps what it leaves out.
 */
export interface DataItem extends Overridable {
  readonly kind: 'data'
  readonly source?: Expression
  /** How many rows its fields have, as tensors. */
  readonly rows?: Expression
  readonly fields: readonly DataField[]
  readonly lets: readonly DataLet[]
}

export interface DataField {
  readonly name: Identifier
  readonly type: TypeSyntax
  readonly value: Expression
  readonly span: Span
  /** It takes the place of a field of the declaration whose rows are taken. */
  readonly override?: boolean
}

/** `let crop = random_resized_crop(image, 64)`: computed once a row. */
export interface DataLet {
  readonly name: Identifier
  readonly value: Expression
  readonly span: Span
}

/** `model clip = ClipModel(tiny) from "weights/clip" ignore "*.position_ids" as bf16` */
export interface ModelItem extends Overridable {
  readonly kind: 'model'
  readonly value: Expression
  readonly from?: Expression
  /** What stands before the names of the file, and the model's names do not have. */
  readonly strip?: Identifier
  /** Patterns of tensors of the file that the model has no parameter for. */
  readonly ignore?: readonly Identifier[]
  readonly as?: Identifier
}

/** `adapter enc = lora(clip.vision_model, rank = 16) from "adapters/enc"` */
export interface AdapterItem extends Overridable {
  readonly kind: 'adapter'
  readonly value: Expression
  readonly from?: Expression
}

/** `state queue: f32[4_096, 128] = normal()`, or the state of a whole model: `state teacher = copy(net)`. */
export interface StateItem extends Overridable {
  readonly kind: 'state'
  /** Of a tensor. */
  readonly type?: TypeSyntax
  readonly value: Expression
}

/** `next queue = concat([queue[batch:], k])`, `next teacher = m * teacher + (1.0 - m) * net after update` */
export interface NextItem extends Overridable {
  readonly kind: 'next'
  readonly value: Expression
  /** It reads the parameters as the optimizer leaves them. */
  readonly afterUpdate?: true
}

export interface LossItem extends Overridable {
  readonly kind: 'loss'
  readonly value: Expression
}

export interface StageItem extends Overridable {
  readonly kind: 'stage'
  readonly clauses: readonly StageEntry[]
}

/** What stands in a stage: its clauses, and the updates that its rounds are made of. */
export type StageEntry = StageClause | UpdateItem | RemoveItem

/** `update critic { times 5; train critic; minimize loss; optimizer adamw(lr = 1e-4) }` */
export interface UpdateItem extends Overridable {
  readonly kind: 'update'
  readonly clauses: readonly StageClause[]
}

export type StageClause =
  | TrainClause
  | FreezeClause
  | MonitorClause
  | KeepClause
  | StopClause
  | GuardClause
  | ValueClause
  | Allow

/** `keep last 3`: so many checkpoints stay; `keep best(valid.accuracy)`: the stage ends with its best values. */
export interface KeepClause {
  readonly kind: 'keep'
  readonly last?: Expression
  readonly best?: MetricPath
  readonly span: Span
}

/** `stop when valid.accuracy stalls 5`: after so many measurements without a better one. */
export interface StopClause {
  readonly kind: 'stop'
  readonly metric: MetricPath
  readonly stalls: Expression
  readonly span: Span
}

/** `stop when loss > 1e3 for 10 steps`: training that has gone astray ends the run. */
export interface GuardClause {
  readonly kind: 'guard'
  readonly above: Expression
  readonly steps: Expression
  readonly unit: 'step' | 'steps'
  readonly span: Span
}

/** `valid.accuracy`, of one of several data sets `valid.mnist.accuracy`. */
export interface MetricPath {
  readonly evaluation: Identifier
  readonly path: readonly Identifier[]
  readonly span: Span
}

/** `train proj { lr = 1e-4 }, clip.vision_model.encoder.layers[2..].*` */
export interface TrainClause {
  readonly kind: 'train'
  readonly groups: readonly TrainGroup[]
  readonly span: Span
}

/** `net.** except net.head.** where rank < 2 { weight_decay = 0.0 }` */
export interface TrainGroup {
  readonly path: ParameterPath
  readonly except: readonly ParameterPath[]
  /** All of which a parameter must fulfil. */
  readonly where: readonly ParameterCondition[]
  readonly settings: readonly { readonly name: Identifier; readonly value: Expression }[]
  readonly span: Span
}

/** `freeze clip.visual_projection, vae`: says that a stage leaves these as they are, which is checked. */
export interface FreezeClause {
  readonly kind: 'freeze'
  readonly paths: readonly ParameterPath[]
  readonly span: Span
}

/** `allow "stage/coupled-accumulation" "as published"`: a warning that is meant, in a stage or in a whole pipeline. */
export interface Allow {
  readonly kind: 'allow'
  /** What stands in the quotes, the code of the warning first. */
  readonly code: Identifier
  readonly reason: Identifier
  readonly span: Span
}

/** `rank < 2`, `kind in [LayerNorm, Embedding]`: of a parameter, or of the module that declares it. */
export type ParameterCondition =
  | {
      readonly kind: 'rank'
      readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>='
      readonly value: Expression
      readonly span: Span
    }
  | { readonly kind: 'kind'; readonly modules: Expression; readonly span: Span }

/** `clip.vision_model.encoder.layers[2..].*`: a model, submodule, or pattern over parameter paths. */
export interface ParameterPath {
  readonly root: Identifier
  readonly segments: readonly PathSegment[]
  readonly span: Span
}

export type PathSegment =
  | { readonly kind: 'field'; readonly name: Identifier }
  | { readonly kind: 'index'; readonly index: Expression }
  /** `*`: one component of a path. */
  | { readonly kind: 'any' }
  /** `**`: any number of components, also none. */
  | { readonly kind: 'deep' }

/** `monitor conflict = cosine(...) every 10` */
export interface MonitorClause {
  readonly kind: 'monitor'
  readonly name: Identifier
  readonly value: Expression
  readonly every?: Expression
  readonly span: Span
}

/** `minimize dcr`, `optimizer adamw(lr = 1e-4)`, `schedule cosine(...)`, `steps 300`, `memory 16 GB`, ... */
export interface ValueClause {
  readonly kind: 'clause'
  readonly name: Identifier
  readonly value: Expression
  /** `accumulate 4 exact` */
  readonly exact?: Identifier
  readonly span: Span
}

/** `evaluate d = clustering(features = f(s.image), label = s.label) for s in [mnist, cifar]` */
export interface EvaluateItem extends Overridable {
  readonly kind: 'evaluate'
  readonly value: Expression
  /** Measured once for each of these, by its name. */
  readonly over?: EvaluateCases
  /** Measured within stages too, after so many steps each time. */
  readonly every?: Cadence
}

/** `500` steps, or `1 epoch`, `2 epochs`. */
export interface Cadence {
  readonly count: Expression
  /** Without it steps are counted. */
  readonly unit?: 'epoch' | 'epochs'
  readonly span: Span
}

export interface EvaluateCases {
  readonly name: Identifier
  readonly values: Expression
}

export interface ExportItem extends Documented {
  readonly kind: 'export'
  readonly models: readonly Identifier[]
}

/** `ablation temperature of dcr { vary tau in [0.05, 0.1]  seeds 0..=2 }` */
export interface AblationDeclaration extends Documented {
  readonly kind: 'ablation'
  readonly name: Identifier
  readonly of: Identifier
  readonly entries: readonly AblationEntry[]
}

export type AblationEntry = VariantEntry | VaryEntry | SelectEntry | SeedsEntry | PrimaryEntry

/**
 * `variant end_to_end { remove stage align }`: a change of the pipeline; `variant slow of naive { ... }`: of another one; or
 * `variant naive = naive`: another one as it is.
 */
export interface VariantEntry extends Documented {
  readonly kind: 'variant'
  readonly name: Identifier
  readonly of?: Identifier
  readonly change: Identifier | readonly PipelineItem[]
}

/** `vary tau in [0.05, 0.1]`: each variant once for every value of a param. */
export interface VaryEntry {
  readonly kind: 'vary'
  readonly param: Identifier
  readonly values: Expression
  readonly span: Span
}

/** `seeds 0..=2`: each variant once for every seed. */
export interface SeedsEntry {
  readonly kind: 'seeds'
  readonly values: Expression
  readonly span: Span
}

/**
 * `select lr in [1e-3, 1e-2] by valid.r2 on seeds 100..103`: of each variant the value by which those seeds measure best,
 * chosen before the variants are compared.
 */
export interface SelectEntry {
  readonly kind: 'select'
  readonly param: Identifier
  readonly values: Expression
  readonly by: MetricPath
  readonly seeds: Expression
  readonly span: Span
}

/** `primary mnist.nmi, pixels.r2`: what the ablation is about, said before it runs. */
export interface PrimaryEntry {
  readonly kind: 'primary'
  readonly metrics: readonly MetricPath[]
  readonly span: Span
}

/** `remove stage align`, `remove allow "name/unused"`; in a stage `remove update critic`, `remove monitor conflict` */
export interface RemoveItem {
  readonly kind: 'remove'
  readonly what: Identifier
  readonly name: Identifier
  readonly span: Span
}

export type TypeSyntax =
  | { readonly kind: 'named-type'; readonly name: Identifier; readonly span: Span }
  | {
      readonly kind: 'tensor-type'
      readonly dtype: Identifier
      readonly dims: readonly DimSyntax[]
      readonly span: Span
    }
  | { readonly kind: 'list-type'; readonly item: TypeSyntax; readonly span: Span }
  | { readonly kind: 'literal-type'; readonly value: string; readonly span: Span }
  | { readonly kind: 'union-type'; readonly items: readonly TypeSyntax[]; readonly span: Span }

/** A dimension is arithmetic on numbers and names, or a pack `...s` of any number of dimensions. */
export type DimSyntax =
  | { readonly kind: 'dim'; readonly value: Expression; readonly span: Span }
  | { readonly kind: 'pack'; readonly name: Identifier; readonly span: Span }

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '**'
  | '@'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'and'
  | 'or'

export type Expression =
  | { readonly kind: 'int'; readonly value: number; readonly span: Span }
  | { readonly kind: 'float'; readonly value: number; readonly span: Span }
  /** `16 GB`, `10 min`, `5%` */
  | (Quantity & { readonly kind: 'quantity'; readonly span: Span })
  | { readonly kind: 'string'; readonly value: string; readonly span: Span }
  | { readonly kind: 'bool'; readonly value: boolean; readonly span: Span }
  | { readonly kind: 'none'; readonly span: Span }
  | { readonly kind: 'name'; readonly name: string; readonly span: Span }
  | { readonly kind: 'field'; readonly object: Expression; readonly name: Identifier; readonly span: Span }
  | {
      readonly kind: 'call'
      readonly callee: Expression
      readonly arguments: readonly Argument[]
      /** Written without brackets: `cached x`. */
      readonly prefix?: true
      readonly span: Span
    }
  | {
      readonly kind: 'index'
      readonly object: Expression
      readonly indices: readonly Index[]
      readonly span: Span
    }
  | {
      readonly kind: 'unary'
      readonly operator: '-' | 'not'
      readonly operand: Expression
      readonly span: Span
    }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
      readonly span: Span
    }
  /** `a..b` is half-open, `a..=b` inclusive; either bound may be left out inside an index. */
  | {
      readonly kind: 'range'
      readonly start?: Expression
      readonly end?: Expression
      readonly inclusive: boolean
      readonly span: Span
    }
  | { readonly kind: 'list'; readonly items: readonly Expression[]; readonly span: Span }
  | {
      readonly kind: 'comprehension'
      readonly value: Expression
      readonly pattern: Pattern
      readonly iterable: Expression
      readonly span: Span
    }
  | { readonly kind: 'tuple'; readonly items: readonly Expression[]; readonly span: Span }
  | {
      readonly kind: 'record'
      readonly fields: readonly { readonly name: Identifier; readonly value: Expression }[]
      readonly span: Span
    }
  /** `c with { causal: true }`: a copy of a record with some fields replaced. */
  | {
      readonly kind: 'with'
      readonly object: Expression
      readonly fields: readonly { readonly name: Identifier; readonly value: Expression }[]
      readonly span: Span
    }
  | {
      readonly kind: 'if'
      readonly condition: Expression
      readonly then: Expression
      readonly else?: Expression
      readonly span: Span
    }
  | {
      readonly kind: 'match'
      readonly subject: Expression
      readonly arms: readonly MatchArm[]
      readonly span: Span
    }
  | {
      readonly kind: 'block'
      readonly statements: readonly Statement[]
      readonly result?: Expression
      readonly span: Span
    }
  /** `bias?`: the value, or none where the member does not exist. */
  | { readonly kind: 'optional'; readonly operand: Expression; readonly span: Span }
  /** `draw normal like latent`, `draw randint(0, 1000) of [batch]` */
  | {
      readonly kind: 'draw'
      readonly distribution: Expression
      readonly like?: Expression
      readonly shape?: readonly Expression[]
      readonly span: Span
    }
  /** `f(a[i], b[j]) for i in n, j in m` */
  | {
      readonly kind: 'pairs'
      readonly value: Expression
      readonly over: readonly PairIndices[]
      readonly span: Span
    }
  /** `fn(x) = 2 * x`; the function is called `fn`. */
  | { readonly kind: 'function'; readonly function: FunctionDeclaration; readonly span: Span }
  /** What recovery puts where an expression is missing; reported by the parser already. */
  | { readonly kind: 'missing'; readonly span: Span }

/** `i, j in n`: indices of rows that have one number of them. */
export interface PairIndices {
  readonly names: readonly Identifier[]
  readonly count: Expression
}

export interface Argument {
  readonly name?: Identifier
  readonly value: Expression
  readonly span: Span
}

/** One entry of `x[...]`: a number, a range `a:b` with optional bounds and step, a new axis, or all leading axes. */
export type Index =
  | { readonly kind: 'at'; readonly value: Expression; readonly span: Span }
  | {
      readonly kind: 'slice'
      readonly start?: Expression
      readonly end?: Expression
      readonly step?: Expression
      readonly span: Span
    }
  | { readonly kind: 'new-axis'; readonly span: Span }
  | { readonly kind: 'ellipsis'; readonly span: Span }

export interface MatchArm {
  /** A literal, a list of them joined by `|`, or `_`. */
  readonly patterns: readonly Expression[]
  readonly value: Expression
  readonly span: Span
}

export type Statement =
  | FunctionDeclaration
  | { readonly kind: 'assign'; readonly pattern: Pattern; readonly value: Expression; readonly span: Span }
  | {
      readonly kind: 'for'
      readonly pattern: Pattern
      readonly iterable: Expression
      readonly body: Expression
      readonly span: Span
    }
  /** `next running_mean = e`: what a state of the module holds from the next call on. */
  | { readonly kind: 'next'; readonly name: Identifier; readonly value: Expression; readonly span: Span }
  /** An `if` used for its rebinding, without a value. */
  | {
      readonly kind: 'if-statement'
      readonly condition: Expression
      readonly then: Expression
      readonly else?: Expression
      readonly span: Span
    }
