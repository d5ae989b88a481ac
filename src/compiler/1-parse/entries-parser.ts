import type { IOrAlt, IToken } from 'chevrotain'
import { notSeparated, wrongSeparator } from '../../diagnostics/catalogue/syntax.js'
import type { Diagnostic } from '../../diagnostics/diagnostic.js'
import { facts } from './brackets.js'
import { ParserBase, type Rule } from './parser-base.js'
import * as t from './tokens.js'
import { nearestUnit } from './units.js'

/** A list of entries, each of which ends with a newline, the sign of the list, or the list. */
export interface Entries {
  /** Between fields and arms `,`; between statements, clauses and declarations `;`. */
  readonly sign: ',' | ';'
  /** The brace before it; a file has none. */
  readonly open?: IToken
  /** The list as messages call it: what starts no entry is told and passed over. Without it, such a token ends the list. */
  readonly where?: string
  /** Whether another entry may follow, where that is not for the braces alone to say. */
  readonly goesOn?: () => boolean
  /** Each reads one entry and says whether it could. */
  readonly alternatives: readonly IOrAlt<boolean>[]
}

/** Lists in braces, and what separates their entries. */
export abstract class EntriesParser extends ParserBase {
  protected entries({ sign, open, where, goesOn, alternatives }: Entries): void {
    const junk = (where: string): IOrAlt<boolean> => ({
      IGNORE_AMBIGUITIES: true,
      ALT: () => {
        this.subrule(8, this.junk, { ARGS: [open ? this.inside(open) : 0, where] })
        return false
      },
    })
    const choices = where === undefined ? [...alternatives] : [...alternatives, junk(where)]
    let apart = true
    this.many(8, {
      GATE: () => goesOn?.() ?? (open === undefined || this.goesOn(open)),
      DEF: () => {
        const problem = this.ACTION(() => (apart ? undefined : this.unseparated(sign)))
        const read = this.or(8, choices)
        this.ACTION(() => {
          if (problem && read) this.report(problem)
        })
        const ended = this.subrule(9, sign === ',' ? this.fieldEnd : this.itemEnd)
        apart = ended || !read
      },
    })
  }

  /** How deep in brackets the content of `open` lies. */
  private inside(open: IToken): number {
    return this.ACTION(() => facts(open).depth + 1)
  }

  private unseparated(sign: ',' | ';'): Diagnostic {
    const end = this.endOfLast()
    const behind = { file: this.file, start: end, end }
    const unit = this.next(t.Int, 0) || this.next(t.Float, 0) ? nearestUnit(this.LA(1).image) : undefined
    return notSeparated(this.gap(), { sign, place: this.place(), behind, unit })
  }

  private readonly fieldEnd = this.entryEnd('fieldEnd', ',')
  private readonly itemEnd = this.entryEnd('itemEnd', ';')

  /** The sign between two entries, or nothing where a newline stands in its place. Whether one of them is there. */
  private entryEnd(name: string, sign: ',' | ';'): Rule<boolean> {
    const [right, other] = sign === ',' ? [t.Comma, t.Semicolon] : [t.Semicolon, t.Comma]
    const wrong = this.part(`${name}Mistaken`, () => {
      const found = this.CONSUME(other)
      this.ACTION(() => {
        this.report(wrongSeparator(this.spanOf(found), { sign, newline: this.startsLine() }))
      })
      return true
    })
    const signs = [
      {
        ALT: () => {
          this.CONSUME(right)
          return true
        },
      },
      { ALT: () => this.SUBRULE(wrong) },
      { ALT: () => this.ACTION(() => this.startsLine()) },
    ]
    return this.part(name, () => this.OR(signs))
  }
}
