import { circularName } from '../../diagnostics/catalogue/name.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import { UserError } from '../../diagnostics/diagnostic.js'
import { languageFunctions } from '../../ops/registry.js'
import { patternNames } from '../1-parse/pattern-names.js'
import type { LetDeclaration, Pattern } from '../1-parse/syntax.js'
import type { Program, TopLevel } from '../2-resolve/program.js'
import { Budget } from './budget.js'
import { Elaboration, type Notes, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { bind, evaluate } from './evaluate.js'
import { Limit } from './fail.js'
import { forms } from './expressions.js'
import { Mistakes } from './mistakes.js'
import { specialFunctions } from './special.js'
import { TextUses } from './text-uses.js'
import { type Val, float } from './values.js'

const dtypes = ['f32', 'f16', 'bf16', 'f64', 'i64', 'i32', 'u8', 'bool'] as const

/** What is there without any `use` and without any file. */
const builtins: ReadonlyMap<string, Val> = new Map<string, Val>([
  ...[...languageFunctions].map(([name, definition]): [string, Val] => [
    name,
    { kind: 'operator', definition },
  ]),
  ...specialFunctions.map((definition): [string, Val] => [definition.name, { kind: 'special', definition }]),
  ...dtypes.map((dtype): [string, Val] => [dtype, { kind: 'dtype', dtype }]),
  ['pi', float(Math.PI)],
  ['trained', { kind: 'trained' }],
])

export const builtinNames = [...builtins.keys()]

const patternText = (pattern: Pattern): string =>
  pattern.kind === 'name-pattern' ? pattern.name.text : `(${pattern.items.map(patternText).join(', ')})`

/** The names of a `let` that has no value. Throws again what is no mistake in it. */
function failed({ pattern }: LetDeclaration, error: unknown): Environment {
  if (!(error instanceof UserError) || error instanceof Limit) throw error
  const environment = new Environment()
  for (const { text } of patternNames(pattern)) environment.fail(text, error)
  return environment
}

/** The file scopes of a program as environments. Top-level values are static, so one evaluation serves all. */
export class Scope implements Notes {
  private readonly environments = new Map<string, Environment>()
  private readonly values = new Map<LetDeclaration, Environment>()
  private readonly evaluating: LetDeclaration[] = []
  readonly budget = new Budget()
  readonly texts = new TextUses()
  readonly mistakes = new Mistakes()
  readonly reached = new Set<object>()
  private readonly statics: Elaboration

  constructor(readonly program: Program) {
    this.statics = new Elaboration(forms, new Map(), new Map(), this, program.binary)
  }

  file(path: string): Environment {
    const known = this.environments.get(path)
    if (known) return known
    const found = new Map<string, Val>()
    const environment = new Environment(undefined, (name) => {
      const value = found.get(name) ?? this.lookup(path, name)
      if (value) found.set(name, value)
      return value
    })
    this.environments.set(path, environment)
    return environment
  }

  private lookup(path: string, name: string): Val | undefined {
    const { scopes, prelude } = this.program
    const found = scopes.get(path)?.get(name) ?? scopes.get(prelude)?.get(name)
    return found ? this.topLevel(found) : builtins.get(name)
  }

  private topLevel({ file, declaration, name: declared }: TopLevel): Val | undefined {
    switch (declaration.kind) {
      case 'fn':
        return { kind: 'fn', declaration, environment: this.file(file) }
      case 'module':
        return { kind: 'module', declaration, environment: this.file(file) }
      case 'record':
        return { kind: 'record-type', declaration, environment: this.file(file) }
      case 'pipeline':
        return { kind: 'declaration', what: 'pipeline', name: declaration.name.text }
      case 'ablation':
        return { kind: 'declaration', what: 'ablation', name: declaration.name.text }
      case 'let':
        break
    }
    const known = this.values.get(declaration)
    if (known) return known.get(declared)
    if (this.evaluating.includes(declaration)) {
      const chain = this.evaluating.slice(this.evaluating.indexOf(declaration))
      const names = [...chain, declaration].map(({ pattern }) => patternText(pattern))
      return fail(circularName(declaration.pattern.span, { names }))
    }
    this.evaluating.push(declaration)
    try {
      const { span } = declaration.value
      const value = this.statics.named(span, () => evaluate(this.statics, declaration.value, this.file(file)))
      if (value.kind === 'tensor') {
        return fail(
          wrongType(declaration.value.span, {
            wanted: 'a static value',
            got: 'a tensor',
            where: 'a `let` of a file',
            help: 'tensors are values of a pipeline',
          }),
        )
      }
      const bound = new Environment()
      bind(bound, declaration.pattern, value)
      this.values.set(declaration, bound)
      return bound.get(declared)
    } catch (error) {
      this.values.set(declaration, failed(declaration, error))
      throw error
    } finally {
      this.evaluating.pop()
    }
  }
}
