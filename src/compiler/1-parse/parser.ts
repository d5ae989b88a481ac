import type { IToken } from 'chevrotain'
import type { Diagnostic } from '../../diagnostics/diagnostic.js'
import { AblationParser } from './ablation-parser.js'
import { docComment } from './doc.js'
import { Abandon, type Rule } from './parser-base.js'
import type { Scan } from './scan.js'
import type { Comment, Declaration, Use } from './syntax.js'
import { unexpectedToken } from './unexpected.js'
import { problemOf } from './words.js'

/** The parser of whole files. One instance reads many, one after the other. */
export class DcrParser extends AblationParser {
  private comments: readonly Comment[] = []
  private uses: Use[] = []
  private declarations: Declaration[] = []

  /** `validate` has chevrotain look for ambiguities in the grammar, which takes a while; a test does it. */
  constructor(validate = false) {
    super(validate)
    // What may follow each rule is looked up by chevrotain's own way of skipping tokens alone, which is not used here.
    const analysed = Object.assign(this, { recoveryEnabled: false })
    analysed.performSelfAnalysis()
    analysed.recoveryEnabled = true
  }

  /** Reads the tokens of one file; never throws at what a user wrote. */
  read(path: string, text: string, { tokens, comments }: Scan) {
    this.comments = comments
    this.uses = []
    this.declarations = []
    this.start(path, text, tokens)
    try {
      this.all()
    } catch (problem) {
      if (!(problem instanceof Abandon)) throw problem
    }
    const { uses, declarations, problems } = this
    // Reading stops before the end only where that has been told.
    const failures = this.errors.filter((error) => error.name !== 'NotAllInputParsedException')
    const errors = failures.map((error) => problemOf(path, tokens, error))
    return { uses, declarations, problems: [...errors, ...problems] }
  }

  private readonly all: Rule<void> = this.part('file', () => {
    this.entries({
      sign: ';',
      where: 'a file',
      alternatives: [
        { ALT: () => this.keep(this.uses, this.SUBRULE(this.use)) },
        { ALT: () => this.keep(this.declarations, this.SUBRULE(this.module)) },
        { ALT: () => this.keep(this.declarations, this.SUBRULE(this.record)) },
        { ALT: () => this.keep(this.declarations, this.SUBRULE(this.fn)) },
        { ALT: () => this.keep(this.declarations, this.SUBRULE(this.let)) },
        { ALT: () => this.keep(this.declarations, this.SUBRULE(this.pipeline)) },
        { ALT: () => this.keep(this.declarations, this.SUBRULE(this.ablation)) },
      ],
    })
  })

  protected override docAbove(offset: number): { readonly doc?: string } {
    const doc = docComment(this.source, this.comments, offset)
    return doc === undefined ? {} : { doc }
  }

  protected override unexpected(token: IToken, where: string): Diagnostic {
    return unexpectedToken(this.file, token, this.LA(1), where)
  }
}
