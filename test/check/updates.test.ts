import { describe, expect, it } from 'vitest'
import { compile, plan } from '../../src/compiler/index.js'
import { stateName } from '../../src/artefact/roles.js'
import { describePlan } from '../../src/cli/plan-report.js'
import { readLibrary } from './analyze.js'

/*
 * Aim: what an `update` says is taken as it is said, by itself and where it is inherited; and a stage that declares one
 * update is the stage without it.
 */

const names = `
use std.nn { Dropout, Linear }
module Net { inner = Linear(4, 4); drop = Dropout(0.5); fn forward(x) = drop(inner(x)) }
`
const items = `
  data digits = limit(mnist(split = "train", size = 8), 60) rows 6 { image: f32[3, 8, 8] = image }
  model first = Net()
  model second = Net()
  let x = draw normal of [6, 4]
  let seen = mean(square(digits.image))
  loss near = mean(square(second(first(x)))) + 0.0 * seen
`
const clauses = (train: string, rest = ''): string =>
  `train ${train}; minimize near; optimizer adamw(lr = 1e-3); ${rest}`
const base = `${names}
pipeline base {${items}
  stage play {
    steps 10
    update a { times 3; ${clauses('first', 'clip_norm 1.0')} }
    update b { ${clauses('second', 'schedule cosine(warmup = 50%)')} }
    monitor size = near every 2
  }
}`

const request = (text: string, pipeline?: string) => ({
  entry: 'main.dcr',
  ...(pipeline === undefined ? {} : { pipeline }),
  files: { read: (path: string) => (path === 'main.dcr' ? text : readLibrary(path)) },
})

function stageOf(text: string, pipeline?: string) {
  const { artefact, diagnostics } = compile(request(text, pipeline))
  expect(diagnostics.filter((d) => d.severity === 'error').map((d) => d.message)).toEqual([])
  const [stage] = artefact?.manifest.stages ?? []
  if (!stage) throw new Error('no stage')
  return stage
}

const extended = (change: string) =>
  stageOf(`${base}\npipeline other extends base { override stage play { ${change} } }`, 'other')

describe('updates', () => {
  it('run in turn, each with its own graphs, schedule and optimizer', () => {
    const { updates, monitors } = stageOf(base)
    expect(updates.map(({ name, times }) => [name, times])).toEqual([
      ['a', 3],
      ['b', 1],
    ])
    expect(updates.map(({ trained }) => trained.map((t) => t.model))).toEqual([
      ['first', 'first'],
      ['second', 'second'],
    ])
    expect(updates.map(({ graphs }) => [graphs.step.file, graphs.monitored?.file])).toEqual([
      ['play.a.step.onnx', undefined],
      ['play.b.step.onnx', 'play.b.monitored.onnx'],
    ])
    expect(monitors).toMatchObject([{ name: 'size', every: 2 }])
    expect(updates[1]?.groups[0]?.schedule_settings).toMatchObject({ warmup: 5 })
    // what the other trains is state, which goes in and does not come out
    const statesOf = (of: readonly { readonly role: { readonly kind: string } }[]): string[] =>
      (of as (typeof updates)[number]['graphs']['step']['inputs'])
        .flatMap(({ role }) => (role.kind === 'state' ? [stateName(role.state)] : []))
        .filter((name) => name.startsWith('param/'))
        .sort()
    const { inputs = [], outputs = [] } = updates[0]?.graphs.step ?? {}
    expect(statesOf(inputs)).toEqual(
      ['first', 'second'].flatMap((m) => ['bias', 'weight'].map((p) => `param/${m}/inner.${p}`)),
    )
    expect(statesOf(outputs)).toEqual(['param/first/inner.bias', 'param/first/inner.weight'])
  })

  it('are in training for all that the stage trains: both drop out in either', () => {
    for (const { graphs } of stageOf(base).updates) {
      const draws = graphs.step.inputs.flatMap(({ role }) => (role.kind === 'draw' ? [role.path] : []))
      expect(draws.filter((path) => path.includes('forward')).length).toBe(2)
    }
  })

  it('are overridden clause by clause, added and removed by name', () => {
    const [a, b] = extended('override update a { times 1; ema 0.9 }').updates
    expect(a).toMatchObject({
      name: 'a',
      times: 1,
      ema: 0.9,
      trained: [{ model: 'first' }, { model: 'first' }],
    })
    expect(b?.name).toBe('b')
    expect(extended('remove update a; steps 3').updates.map(({ name }) => name)).toEqual(['b'])
    const added = extended(`update c { ${clauses('first.inner.bias, second')} }; remove monitor size`)
    expect(added.updates.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    expect(added.monitors).toEqual([])
  })

  it('may train a parameter twice, each with moments of its own', () => {
    const { updates } = extended(`update c { ${clauses('first')} }`)
    expect(updates.map(({ name, slots, trained }) => [name, slots, trained.length])).toEqual([
      ['a', ['m', 'v'], 2],
      ['b', ['m', 'v'], 2],
      ['c', ['m', 'v'], 2],
    ])
  })

  it('share the epochs of a stage: in its rounds each row comes as often as all together take it', () => {
    // 60 rows, six at a time, four executions a round
    expect(extended('epochs 2').steps).toBe(5)
    expect(extended('epochs 2; override update b { accumulate 2 }').steps).toBe(4)
  })

  it('have names in the draws of a stage, and else one is the stage', () => {
    const plain = stageOf(`${names}\npipeline p {${items}\nstage play { steps 10; ${clauses('first')} } }`)
    const one = stageOf(
      `${names}\npipeline p {${items}\nstage play { steps 10; update u { ${clauses('first')} } } }`,
    )
    expect({ ...one.updates[0], name: null, graphs: null }).toEqual({ ...plain.updates[0], graphs: null })
    expect(one.hash).not.toBe(plain.hash)
  })

  it('stand in the plan', () => {
    const planned = plan(request(base)).plan
    if (!planned) throw new Error('no plan')
    const text = describePlan({ ...planned, files: [] }).flat()
    expect(text.filter((line) => /^(stage| {2}update)/.test(line))).toEqual([
      'stage play: 10 rounds',
      '  update a: 3 times a round, 30 in all',
      '  update b: once a round, 10 in all',
    ])
    const [stage] = planned.stages
    const [a, b] = stage?.updates ?? []
    expect(stage?.flops).toBe(3 * (a?.flops ?? NaN) + (b?.flops ?? NaN))
  })
})
