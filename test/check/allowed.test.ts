import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/compiler/index.js'
import { analyzeSources, problems, requestOf } from './analyze.js'

const coupled = readFileSync(new URL('samples/stage-coupled-accumulation.dcr', import.meta.url), 'utf8')
const rows = 'stage/coupled-accumulation: the loss of stage `fit` couples'
const unused = 'name/unused: let `target` is never used'
const codes = (source: string): string[] => problems(source).map((p) => p.slice(0, rows.length))
const inStage = coupled.replace(
  'accumulate 2',
  'accumulate 2\n    allow "stage/coupled-accumulation" "as published"',
)
const inPipeline = coupled.replace('model head', 'allow "name/unused" "kept for later"\n  model head')

describe('allow', () => {
  it('silences the warning that it names and no other', () => {
    expect(codes(coupled)).toEqual([unused, rows].map((p) => p.slice(0, rows.length)))
    expect(codes(inStage)).toEqual([unused.slice(0, rows.length)])
    expect(codes(inPipeline)).toEqual([rows])
  })

  it('of a stage leaves other stages alone', () => {
    const [stage = ''] = inStage.match(/ {2}stage fit \{[^]*\n {2}\}/) ?? []
    const other = stage.replace('stage fit', 'stage again').replace(/\n.*allow.*/, '')
    const two = inStage.replace(stage, `${stage}\n${other}`)
    expect(
      problems(two)
        .filter((p) => p.startsWith('stage/'))
        .map((p) => p.slice(0, 52)),
    ).toEqual(['stage/coupled-accumulation: the loss of stage `again`'].map((p) => p.slice(0, 52)))
  })

  it('stands in the manifest with its reason, and is no part of what runs', () => {
    const manifestOf = (source: string) => compile(requestOf(source)).artefact?.manifest
    const [own, all] = [manifestOf(inStage), manifestOf(inStage.replace('as published', 'as before'))]
    const allowed = { code: 'stage/coupled-accumulation', reason: 'as published', stage: 'fit' }
    expect(own?.allowed).toEqual([allowed])
    expect(all?.allowed).toEqual([{ ...allowed, reason: 'as before' }])
    expect(all?.hash).toBe(own?.hash)
    expect(manifestOf(inPipeline)?.allowed).toEqual([
      { code: 'name/unused', reason: 'kept for later', stage: null },
    ])
  })

  it('is inherited, is no news where it is, and can be removed', () => {
    const main = (items: string): string[] =>
      analyzeSources({
        'main.dcr': `use "./base.dcr" { digits }\npipeline p extends digits { ${items} }`,
        'base.dcr': inStage,
      }).diagnostics.map((d) => d.code)
    expect(main('')).toEqual([])
    expect(main('override stage fit { accumulate 1 }')).toEqual([])
    expect(main('override stage fit { steps 10; allow "stage/no-data" "x" }')).toEqual(['allow/needless'])
    expect(main('remove allow "name/unused"')).toEqual(['pipeline/nothing-to-remove'])
  })
})
