import { describe, expect, it } from 'vitest'
import { parse } from '../../src/compiler/1-parse/index.js'
import { render } from '../../src/diagnostics/render.js'
import { sourcesIn } from './sources.js'

describe('what a user reads about a broken file', () => {
  for (const { path, text } of sourcesIn('test/syntax/samples')) {
    const name = path.replace(/^.*\/(.*)\.dcr$/, '$1')
    it(name, async () => {
      const { diagnostics } = parse(`${name}.dcr`, text)
      const shown = render(diagnostics, new Map([[`${name}.dcr`, text]]), { color: false, width: 100 })
      await expect(shown).toMatchFileSnapshot(`samples/${name}.txt`)
      expect(diagnostics.length).toBeGreaterThan(0)
      for (const { span } of diagnostics) {
        expect(span.start).toBeGreaterThanOrEqual(0)
        expect(span.end).toBeGreaterThanOrEqual(span.start)
        expect(span.end).toBeLessThanOrEqual(text.length)
      }
    })
  }
})
