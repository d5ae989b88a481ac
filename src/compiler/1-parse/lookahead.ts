import {
  type BaseParser,
  type ILookaheadStrategy,
  type IOrAlt,
  type IProduction,
  type Rule,
  type TokenType,
  Alternation,
  LLkLookaheadStrategy,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatory,
  RepetitionMandatoryWithSeparator,
  RepetitionWithSeparator,
  Terminal,
} from 'chevrotain'

/** What the next token may be where a part of the grammar begins; `empty`: the part may be nothing at all. */
interface Start {
  readonly tokens: ReadonlySet<number>
  readonly empty: boolean
}

const branching = {
  Alternation,
  Option,
  Repetition,
  RepetitionMandatory,
  RepetitionMandatoryWithSeparator,
  RepetitionWithSeparator,
}

/**
 * Decides by one token: the first sets of a textbook, worked out when a file first comes to a decision. Chevrotain's own
 * strategy finds paths of any length, before the first file is read: most of the time of starting a parser.
 */
export class FirstSets extends LLkLookaheadStrategy implements ILookaheadStrategy {
  private readonly rules = new Map<Rule, Start>()

  constructor() {
    super({ maxLookahead: 1 })
  }

  override buildLookaheadForAlternation({ rule, prodOccurrence }: { rule: Rule; prodOccurrence: number }) {
    let starts: readonly Start[] | undefined
    const build = (): readonly Start[] =>
      find(rule, 'Alternation', prodOccurrence).map((alternative) => this.start(alternative))
    return function (this: BaseParser, alternatives: IOrAlt<unknown>[] = []): number | undefined {
      starts ??= build()
      const next = this.LA(1).tokenTypeIdx
      for (let k = 0; k < starts.length; k++) {
        const start = starts[k]
        if (!start || (!start.empty && !start.tokens.has(next))) continue
        const gate = alternatives[k]?.GATE
        if (gate === undefined || gate.call(this)) return k
      }
      return undefined
    }
  }

  override buildLookaheadForOptional({
    rule,
    prodOccurrence,
    prodType,
  }: {
    rule: Rule
    prodOccurrence: number
    prodType: keyof typeof branching
  }) {
    let start: Start | undefined
    const build = (): Start => this.sequence(find(rule, prodType, prodOccurrence))
    return function (this: BaseParser): boolean {
      start ??= build()
      return start.empty || start.tokens.has(this.LA(1).tokenTypeIdx)
    }
  }

  private start(part: IProduction): Start {
    if (part instanceof Terminal) return { tokens: kinds(part.terminalType), empty: false }
    if (part instanceof NonTerminal) return this.ofRule(part.referencedRule)
    if (part instanceof Alternation) {
      // an alternative of nothing stands for what is missing: no reason to come here
      const written = part.definition.filter((alternative) => definitionOf(alternative).length > 0)
      return union(written.map((alternative) => this.start(alternative)))
    }
    const inside = this.sequence(definitionOf(part))
    const optional =
      part instanceof Option || part instanceof Repetition || part instanceof RepetitionWithSeparator
    return optional ? { tokens: inside.tokens, empty: true } : inside
  }

  private ofRule(rule: Rule): Start {
    const known = this.rules.get(rule)
    if (known) return known
    const start = this.sequence(rule.definition)
    this.rules.set(rule, start)
    return start
  }

  private sequence(parts: readonly IProduction[]): Start {
    const starts: Start[] = []
    for (const part of parts) {
      const start = this.start(part)
      starts.push(start)
      if (!start.empty) return { tokens: union(starts).tokens, empty: false }
    }
    return { tokens: union(starts).tokens, empty: true }
  }
}

const union = (starts: readonly Start[]): Start => ({
  tokens: new Set(starts.flatMap(({ tokens }) => [...tokens])),
  empty: starts.some(({ empty }) => empty),
})

/** A kind of token and all that count as one of it. */
const kinds = ({ tokenTypeIdx, categoryMatches }: TokenType): ReadonlySet<number> =>
  new Set([...(tokenTypeIdx === undefined ? [] : [tokenTypeIdx]), ...(categoryMatches ?? [])])

const definitionOf = (part: IProduction | Rule): readonly IProduction[] =>
  (part as { definition?: readonly IProduction[] }).definition ?? []

/** The parts of the decision of this kind and number in a rule. */
function find(rule: Rule, kind: keyof typeof branching, occurrence: number): readonly IProduction[] {
  const open: (IProduction | Rule)[] = [rule]
  for (let part = open.pop(); part; part = open.pop()) {
    if (part instanceof branching[kind] && part.idx === occurrence) return part.definition
    // what stands in another rule has numbers of its own
    if (!(part instanceof NonTerminal)) open.push(...definitionOf(part))
  }
  throw new Error(`no ${kind} ${occurrence} in ${rule.name}`)
}
