import { describe, expect, it } from 'vitest'
import { plan } from '../../src/compiler/index.js'
import { compileText } from '../parity/harness.js'
import { requestOf } from './analyze.js'

const text = ({ as = '', other = '', precision = '' } = {}): string => `
use std.nn { Linear }
module Net {
  first = Linear(4, 6)
  last = Linear(6, 2)
  fn forward(x) = last(tanh(first(x)))
}
pipeline types {
  model fixed = Net() from "weights/fixed" ${as}
  model other = Net() ${other}
  model net = Net()
  adapter enc = lora(fixed.first, rank = 2)
  let x = draw normal of [8, 4]
  loss far = mean(square(net(x) - fixed(x)))
  stage one { train net.last; minimize far; optimizer adamw(lr = 0.01); steps 3; ${precision} }
  stage two { train enc; minimize mean(square(fixed(x) - other(x))); optimizer adamw(lr = 0.01); steps 3 }
  export net
}`

const hashes = (options: Parameters<typeof text>[0]): readonly string[] => {
  const { manifest } = compileText(text(options))
  return [manifest.hash, ...manifest.stages.map((s) => s.hash)]
}

describe('the types of weights count', () => {
  const [whole, one, two] = hashes({})

  it('`as f32` and `precision f32` say what is so without them', () => {
    expect(hashes({ as: 'as f32', precision: 'precision f32' })).toEqual([whole, one, two])
  })

  it('`as` changes the artefact and the stages that read the model, `as f16` otherwise than `as bf16`', () => {
    const found = ['', 'as bf16', 'as f16'].map((as) => hashes({ as }))
    for (const k of [0, 1, 2]) expect(new Set(found.map((h) => h[k])).size).toBe(3)
    const other = hashes({ other: 'as bf16' })
    expect([other[0] === whole, other[1] === one, other[2] === two]).toEqual([false, true, false])
  })

  it('`precision` changes the artefact and its stage', () => {
    const found = ['', 'precision bf16', 'precision f16'].map((precision) => hashes({ precision }))
    for (const k of [0, 1]) expect(new Set(found.map((h) => h[k])).size).toBe(3)
    expect(new Set(found.map((h) => h[2])).size).toBe(1)
  })

  it('`precision` of an inherited stage can be overridden', () => {
    const source = `${text({ precision: 'precision bf16' })}
pipeline wide extends types { override stage one { precision f32 } }`
    const { plan: made } = plan({ ...requestOf(source), pipeline: 'wide' })
    expect(made?.stages.map((s) => s.precision)).toEqual([null, null])
  })
})

describe('dcrc plan', () => {
  it('lists what is converted, and which models are read rounded', () => {
    const { plan: made } = plan(requestOf(text({ as: 'as bf16', precision: 'precision f16' })))
    const size = { tensors: 4, elements: 44, bytes: 176 }
    expect(made?.conversions).toEqual([
      { model: 'fixed', from: 'weights/fixed', as: 'bf16', stage: null, ...size },
      { model: 'net', from: null, as: 'f16', stage: 'one', ...size },
    ])
    expect(made?.stages.map((s) => [s.precision, s.rounded])).toEqual([
      ['f16', ['net']],
      [null, []],
    ])
    expect(made?.stages[0]?.models.map((m) => [m.model, m.as])).toEqual([
      ['fixed', 'bf16'],
      ['other', null],
      ['net', null],
      ['enc', null],
    ])
  })

  it('counts an adapter and the frozen model that it stands beside as read rounded', () => {
    const source = text({}).replace('steps 3 }\n  export', 'steps 3; precision bf16 }\n  export')
    const { plan: made } = plan(requestOf(source))
    expect(made?.stages[1]?.rounded).toEqual(['fixed', 'enc'])
    expect(made?.conversions.map(({ model, stage }) => [model, stage])).toEqual([['fixed', 'two']])
  })
})
