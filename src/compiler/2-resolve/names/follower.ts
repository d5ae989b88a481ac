import type { Span } from '../../../diagnostics/diagnostic.js'
import type {
  AblationDeclaration,
  Expression,
  FunctionDeclaration,
  Identifier,
  ModuleDeclaration,
  Parameter,
  ParameterPath,
  PipelineDeclaration,
  PipelineItem,
  RecordDeclaration,
  UpdateItem,
  VariantEntry,
} from '../../1-parse/syntax.js'

/** What has names of its own: parameters, members, items, clauses, or what an expression binds. */
export type Part =
  | { readonly kind: 'function'; readonly node: FunctionDeclaration }
  | {
      readonly kind: 'declaration'
      readonly node: RecordDeclaration | ModuleDeclaration | PipelineDeclaration | AblationDeclaration
    }
  /** Where the parameters of a module stand: a default sees those before it, and no member. */
  | { readonly kind: 'parameters'; readonly node: ModuleDeclaration }
  | { readonly kind: 'variant'; readonly node: VariantEntry }
  /** Items of a pipeline with parts that have names. */
  | { readonly kind: 'item'; readonly node: Extract<PipelineItem, { kind: 'data' | 'stage' }> | UpdateItem }
  /** The value of a declaration, or of a clause or a top-level `let`, in whose blocks locals are set. */
  | { readonly kind: 'value' | 'clause'; readonly span: Span }
  /** A part of an expression or item that binds names for itself. */
  | { readonly kind: 'binder'; readonly span: Span }

/** A name that a scope gets. */
export type Binding =
  | { readonly kind: 'parameter'; readonly name: Identifier; readonly parameter: Parameter }
  | { readonly kind: 'fn'; readonly name: Identifier; readonly declaration: FunctionDeclaration }
  /** A name of the size of a dimension, unless one stands for a number already. */
  | { readonly kind: 'dimension'; readonly name: Identifier }
  /** Set to a value or, with `each`, to the items of one in turn; to parts of it where it is not `whole`. */
  | {
      readonly kind: 'local'
      readonly name: Identifier
      readonly value?: Expression
      readonly each?: true
      readonly whole: boolean
    }

/** What a name that is used stands for. */
export type Use =
  | 'value'
  /** How a parameter begins: a name of the language, or a value. */
  | 'initial value'
  /** Rows that another declaration gives. */
  | 'data'
  /** A column of rows or a `let` over them; where neither has the name, with `column` also a value of the pipeline. */
  | 'row'
  | 'column'
  /** A declaration that another phase looks for: a pipeline that is extended, a type, a model that is exported. */
  | 'declaration'

/** Whose member a name is. */
export type Owner =
  | { readonly kind: 'object' | 'callee'; readonly of: Expression }
  | { readonly kind: 'pipeline'; readonly of: Identifier }

/**
 * Who follows the names of a program. S is what it knows of those that can be seen from a place; it makes the scopes and
 * says what a name in one means. The walk says where scopes begin, which names they get and where names stand.
 */
export interface Follower<S> {
  /** The scope of a part of what `outer` is the scope of. */
  inner(outer: S, part: Part): S
  bind(scope: S, binding: Binding): void
  /** A name in the place where something binds it. */
  bound?(scope: S, name: Identifier): void
  use(scope: S, name: Identifier, as: Use): void
  /** A name of a member, an item or a clause of the declaration that the scope is of, where it stands. */
  part?(scope: S, name: Identifier): void
  /** A name that means something with its owner alone. */
  member?(scope: S, name: Identifier, owner: Owner): void
  /** A path to parameters, whose root is used and whose indices are followed besides. */
  path?(scope: S, path: ParameterPath): void
  /** An expression that is evaluated by itself, before the names in it. */
  value?(e: Expression): void
}
