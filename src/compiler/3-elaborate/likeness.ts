import type { Span } from '../../diagnostics/diagnostic.js'
import { numberText } from '../../graph/types.js'
import type { FunctionDeclaration } from '../1-parse/syntax.js'
import { quantityText } from '../1-parse/units.js'
import type { Instance, Val } from './values.js'

/**
 * Keys of static values: values with the same key are the same to whatever computes with them. Instances of a module
 * have the same key when they were made at one place with arguments of the same keys; they differ in their place alone.
 */
export class Likeness {
  private readonly ids = new WeakMap<object, number>()
  private readonly known = new WeakMap<Val, string>()
  private readonly short = new Map<string, string>()
  private next = 0

  /** The key of a value; undefined for tensors, and for all that may stand for one. */
  of(value: Val): string | undefined {
    switch (value.kind) {
      case 'int':
      case 'float':
        return `${value.kind} ${numberText(value.value)}`
      case 'bool':
        return String(value.value)
      case 'quantity':
        return quantityText(value)
      case 'string':
        // what would become of the other texts of its type is looked at too
        return JSON.stringify(value.value) + (value.choices ? this.id(value.choices.type) : '')
      case 'none':
        return 'none'
      case 'dtype':
        return value.dtype
      case 'operator':
        return this.id(value.definition)
      case 'module':
      case 'record-type':
        return this.id(value.declaration)
      case 'list':
      case 'tuple':
      case 'record':
        return this.composite(value)
      case 'fn':
        return value.sees === 'file' ? this.ofDeclaration(value.declaration) : undefined
      case 'instance':
        return this.id(value)
      default:
        return undefined
    }
  }

  ofDeclaration(declaration: FunctionDeclaration): string {
    return this.id(declaration)
  }

  /** The key of an instance that a module makes at a place of the source. What has no key is like nothing else. */
  ofInstance({ declaration, environment }: Pick<Instance, 'declaration' | 'environment'>, at: Span): string {
    const given = declaration.parameters.map(({ name }) => {
      const value = environment.get(name.text)
      return (value && this.of(value)) ?? this.id({})
    })
    return this.shortened(`${this.id(declaration)} ${at.file}:${at.start} ${given.join(' ')}`)
  }

  private composite(value: Val & { readonly kind: 'list' | 'tuple' | 'record' }): string | undefined {
    const known = this.known.get(value)
    if (known !== undefined) return known
    let key: string = value.kind
    if (value.kind === 'record') {
      if (value.type) key += ` ${this.id(value.type.declaration)}`
      for (const [name, field] of value.fields) {
        const part = this.of(field)
        if (part === undefined) return undefined
        key += ` ${name}=${part}`
      }
    } else
      for (const item of value.items) {
        const part = this.of(item)
        if (part === undefined) return undefined
        key += ` ${part}`
      }
    const short = this.shortened(key)
    this.known.set(value, short)
    return short
  }

  /** A short name for a long key. */
  private shortened(key: string): string {
    const known = this.short.get(key) ?? `#${this.next++}`
    this.short.set(key, known)
    return known
  }

  private id(object: object): string {
    const known = this.ids.get(object) ?? this.next++
    this.ids.set(object, known)
    return `@${known}`
  }
}
