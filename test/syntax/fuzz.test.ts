import { describe, expect, it } from 'vitest'
import { format } from '../../src/compiler/1-parse/format.js'
import { parse } from '../../src/compiler/1-parse/index.js'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.js'
import { render } from '../../src/diagnostics/render.js'
import { generate } from './generate.js'
import { mutate, randomOf } from './mutate.js'
import { plain } from './plain.js'
import { sourcesIn } from './sources.js'

/** How many broken sources are read; `npm run fuzz` reads more. */
const count = Number(process.env['DCRC_FUZZ'] ?? 20_000)
/** The seed of the first; each has its own, so that a failure names the one source that shows it. */
const firstSeed = Number(process.env['DCRC_FUZZ_SEED'] ?? 1)

const sources = sourcesIn('pipelines', 'test/syntax').filter(({ text }) => text.length < 6000)

function isInside({ span, labels, fix }: Diagnostic, path: string, length: number): boolean {
  const spans = [span, ...labels.map((label) => label.span), ...(fix ? [fix.span] : [])]
  return spans.every(({ file, start, end }) => file === path && 0 <= start && start <= end && end <= length)
}

/** A message without what it quotes of the source, where `NaN` is a word like others. */
const unquoted = (message: string, text: string): string =>
  message.replaceAll(/`([^`]+)`/g, (all, inside: string) => (text.includes(inside) ? '' : all))

/** Reads one source with all that follows from it, and says how it misbehaved. */
function fault(text: string): string | undefined {
  // Time of this process alone: other processes may keep the machine busy.
  const begin = process.cpuUsage()
  const { file, diagnostics } = parse('f.dcr', text)
  if (process.cpuUsage(begin).user > 1e6) return 'takes more than a second'
  if (!diagnostics.every((d) => isInside(d, 'f.dcr', text.length))) return 'has a span outside of the file'
  if (diagnostics.some((d) => /undefined|NaN|\[object/.test(unquoted(d.message, text))))
    return 'has a message with a hole'
  const shown = render(diagnostics, new Map([['f.dcr', text]]), { color: false, width: 80 })
  if (diagnostics.length > 0) return shown.includes('error[syntax/') ? undefined : 'shows no error'
  const again = parse('f.dcr', format(file))
  if (again.diagnostics.length > 0) return 'is broken by the formatter'
  const before = JSON.stringify(plain([file.uses, file.declarations]))
  const after = JSON.stringify(plain([again.file.uses, again.file.declarations]))
  return before === after ? undefined : 'is changed by the formatter'
}

/** How the source of a seed misbehaves. */
function found(text: string): string | undefined {
  try {
    return fault(text)
  } catch (error) {
    return `throws ${String(error)}`
  }
}

describe('broken sources', () => {
  const parts = 10
  for (let part = 0; part < parts; part++) {
    const name = `are refused with spans inside the file, in time, and never crash (${part + 1} of ${parts})`
    // what is in time is told by the processor's clock; this is for a machine that has much else to do
    it(name, { timeout: 60_000 + 30 * count }, () => {
      const faults: string[] = []
      for (let i = part; i < count; i += parts) {
        const random = randomOf(firstSeed + i)
        const source = sources[random(sources.length)]
        if (!source) continue
        const problem = found(mutate(source.text, random))
        if (problem !== undefined) faults.push(`seed ${firstSeed + i}, from ${source.path}: ${problem}`)
      }
      expect(faults.slice(0, 10)).toEqual([])
    })
  }
})

describe('sources that the grammar derives', () => {
  const derived = Math.ceil(count / 4)
  it(
    'are read or refused in the same way, and what is read stands the formatter',
    { timeout: 60_000 + 30 * count },
    () => {
      const faults: string[] = []
      let read = 0
      for (let seed = firstSeed; seed < firstSeed + derived; seed++) {
        const text = generate(randomOf(seed))
        const problem = found(text)
        if (problem !== undefined) faults.push(`seed ${seed}: ${problem}`)
        if (parse('f.dcr', text).diagnostics.length === 0) read++
      }
      expect(faults.slice(0, 10)).toEqual([])
      // the rest breaks what the notation does not say: brackets around `not`, comparisons that do not chain
      expect(read).toBeGreaterThan(derived / 3)
    },
  )
})
