import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { graphsOfStage } from '../../src/artefact/stage-parts.js'
import { byteSize } from '../../src/graph/types.js'
import { runPipeline } from '../../src/runtime/run.js'
import { type HostTensor, hostArray, toFloat32 } from '../../src/runtime/tensors.js'
import { openSafetensors } from '../../src/weights/safetensors.js'
import type { StoredTensor } from '../../src/weights/table.js'
import { Fixture, compileText, evaluateOnce, expectTensors, relativeError, trainStage } from './harness.js'

const steps = 10
const learn = (rest = ''): string => `stage learn {
    train net
    minimize far
    optimizer adamw(lr = 0.01, betas = (0.9, 0.999), eps = 1e-5, weight_decay = 0.01)
    steps ${steps}
    ${rest}
  }`

const mlp = `
use std.losses { mse }
use std.nn { BatchNorm1d, Linear }
module Mlp {
  first = Linear(4, 6, use_bias = false)
  norm = BatchNorm1d(6)
  out = Linear(6, 3)
  fn forward(x) = out(relu(norm(first(x))))
}`

const sources: Readonly<Record<string, string>> = {
  batch_norm: `
use std.losses { mse }
use std.nn { BatchNorm1d, BatchNorm2d, Conv2d, Linear }
module Net {
  conv = Conv2d(2, 3, 3, use_bias = false)
  bn = BatchNorm2d(3)
  hidden = Linear(12, 4, use_bias = false)
  norm = BatchNorm1d(4, momentum = 0.3)
  out = Linear(4, 3)
  fn forward(x) = out(tanh(norm(hidden(flatten(relu(bn(conv(x))), 1)))))
}
pipeline p {
  model net = Net()
  let goal = draw normal of [4, 3]
  let first = net(draw normal of [4, 2, 4, 4])
  let second = net(draw normal of [4, 2, 4, 4])
  // what is declared first is called first, wherever it is read first
  loss far = 0.5 * mse(second, goal) + mse(first, goal)
  ${learn('monitor seen = mean(net(draw normal of [4, 2, 4, 4]))')}
  let shown = draw normal of [3, 2, 4, 4]
  evaluate see = average(value = mean(square(net(shown))), batches = 1)
}`,
  micro_batches: `${mlp}
pipeline p {
  model net = Mlp()
  let x = draw normal of [5, 4]
  let goal = draw normal of [5, 3]
  loss far = mse(net(x), goal)
  ${learn('accumulate 2')}
}`,
  moco: `${mlp}
use std.losses { cross_entropy }
pipeline p {
  model net = Mlp()
  state teacher = copy(net)
  state queue: f32[8, 3] = normal()
  let one = draw normal of [4, 4]
  let two = draw normal of [4, 4]
  let q = unit(net(one))
  let k = unit(teacher(two))
  let near = sum(q * k, axis = 1)[:, None]
  let others = matmul(q, transpose(unit(queue), [1, 0]))
  loss far = cross_entropy(concat([near, others], axis = 1) / 0.2, zeros([4], i64))
  next queue = concat([queue[4:], k], axis = 0)
  next teacher = 0.9 * teacher + 0.1 * net after update
  ${learn()}
}`,
  dino: `
use std.nn { Linear }
module Net {
  first = Linear(4, 6)
  out = Linear(6, 5)
  fn forward(x) = out(gelu(first(x)))
}
pipeline p {
  model net = Net()
  state teacher = copy(net)
  state centre: f32[5] = zeros
  state turn: f32[] = 0.0
  next turn = turn + 1.0
  let views = [draw normal of [4, 4], draw normal of [4, 4]]
  let s = [net(v) / 0.5 for v in views]
  let t = [teacher(v) for v in views]
  fn cross(t, s) = -mean(sum(softmax((t - centre) / 0.3, axis = -1) * log_softmax(s, axis = -1), axis = 1))
  loss far = 0.5 * (cross(t[0], s[1]) + cross(t[1], s[0]))
  next centre = 0.9 * centre + 0.1 * mean(concat(t, axis = 0), axis = 0)
  let momentum = 1.0 - 0.2 * (cos(pi * turn / 10.0) + 1.0) / 2.0
  next teacher = momentum * teacher + (1.0 - momentum) * net after update
  ${learn()}
}`,
  byol: `
use std.nn { BatchNorm1d, Linear }
module Net {
  first = Linear(4, 6, use_bias = false)
  norm = BatchNorm1d(6)
  out = Linear(6, 3)
  predict = Linear(3, 3)
  fn project(x) = out(relu(norm(first(x))))
  fn forward(x) = predict(project(x))
}
pipeline p {
  model net = Net()
  state teacher = copy(net)
  let one = draw normal of [4, 4]
  let two = draw normal of [4, 4]
  let p = [net(one), net(two)]
  let t = [teacher.project(two), teacher.project(one)]
  fn apart(p, t) = mean(2.0 - 2.0 * cosine(p, t, -1))
  loss far = apart(p[0], t[0]) + apart(p[1], t[1])
  next teacher = 0.9 * teacher + 0.1 * net after update
  ${learn()}
}`,
  frozen: `
use std.losses { mse }
use std.nn { BatchNorm1d, Linear }
module Net {
  first = Linear(4, 6, use_bias = false)
  norm = BatchNorm1d(6)
  out = Linear(6, 3)
  back = Linear(3, 4)
  fn forward(x) = out(relu(norm(first(x))))
}
pipeline p {
  model net = Net()
  let x = draw normal of [5, 4]
  let goal = draw normal of [5, 3]
  let y = net(x)
  // by its averages, and a constant but for what goes in
  let settled = frozen(net)(net.back(y))
  loss far = mse(y, goal) + 0.3 * mean(square(settled))
  ${learn()}
}`,
  dropout: `
use std.losses { mse }
use std.nn { Dropout, DropPath, Linear }
module Net {
  first = Linear(4, 6)
  drop = Dropout(0.25)
  out = Linear(6, 3)
  path = DropPath(0.5)
  fn forward(x) = out(drop(tanh(first(x)))) + path(x[:, :3])
}
pipeline p {
  model net = Net()
  let x = draw normal of [5, 4]
  let goal = draw normal of [5, 3]
  loss far = mse(net(x), goal)
  ${learn()}
}`,
}

/** One step of what an oracle drew for all: `input/<name>` is [steps, ..], or [steps, micro, ..]. */
async function slice(
  fixture: Fixture,
  name: string,
  at: number,
  shape: readonly number[],
): Promise<HostTensor> {
  const { dtype, data } = await fixture.tensor(`input/${name}`)
  const size = byteSize({ dtype, shape })
  const bytes = data.buffer.slice(data.byteOffset + at * size, data.byteOffset + (at + 1) * size)
  return { dtype, shape, data: hostArray(dtype, bytes) }
}

/** The draws of the sources, by the names that the oracle gives their values. */
const drawn: Readonly<Record<string, string>> = {
  first: 'one',
  second: 'two',
  '@monitor/seen': 'two',
  views: 'one',
  'views#2': 'two',
  'far/forward/forward#2': 'dropout',
  'far/forward/forward#4': 'path',
}

describe('ten steps as in PyTorch, within 1e-5: losses, first gradients, parameters and states at the end', () => {
  for (const [name, source] of Object.entries(sources)) {
    it(name, async () => {
      const fixture = await Fixture.open(`states_${name}`)
      const artefact = compileText(source)
      const shapes = new Map(
        artefact.manifest.stages
          .flatMap(graphsOfStage)
          .flatMap(({ inputs }) =>
            inputs.map(({ role, shape }) => [role.kind === 'draw' ? role.path : '', shape] as const),
          ),
      )
      const result = await trainStage(artefact, 'learn', {
        steps,
        weight: (model, path) => fixture.stored(`start/${model}.${path}`),
        inputs: (path, at) => slice(fixture, drawn[path] ?? path, at, shapes.get(path) ?? []),
      })
      expect(relativeError(result.losses, fixture.facts['losses'] as number[])).toBeLessThan(1e-5)
      await expectTensors(result.gradients, fixture, 'gradient/', 1e-5, (path) => `net.${path}`)
      await expectTensors(result.end, fixture, 'end/', 1e-5)
    })
  }

  it('an evaluation normalises by the averages', async () => {
    const fixture = await Fixture.open('states_batch_norm')
    const results = await evaluateOnce(
      compileText(sources['batch_norm'] ?? ''),
      'see',
      (model, path) => fixture.stored(`end/${model}.${path}`),
      () => fixture.tensor('input/shown'),
    )
    const shown = toFloat32(await fixture.tensor('shown'))
    const square = shown.reduce((sum, v) => sum + v * v, 0) / shown.length
    expect(
      relativeError(
        toFloat32(results.get('value') ?? { dtype: 'f32', shape: [], data: new Float32Array() }),
        [square],
      ),
    ).toBeLessThan(1e-5)
  })

  it("an export has the names, types and shapes of torch's state_dict", async () => {
    const fixture = await Fixture.open('states_batch_norm')
    const source = (sources['batch_norm'] ?? '').replace(/\}$/, '  export net\n}')
    const folder = await mkdtemp(join(tmpdir(), 'dcrc-'))
    try {
      const result = await runPipeline(compileText(source), {
        root: folder,
        runDir: join(folder, 'run'),
        steps: 1,
      })
      expect(result.status).toBe('done')
      const { tensors } = await openSafetensors(join(folder, 'run/export/net/model.safetensors'))
      const typed = ([name, { dtype, shape }]: readonly [string, StoredTensor]): string =>
        `${name} ${dtype}[${shape.join(', ')}]`
      const names = fixture.names('end/net.')
      const torch = names.map((name) => typed([name, fixture.stored(`end/net.${name}`)]))
      expect(new Set([...tensors].map(typed))).toEqual(new Set(torch))
      expect(names).toContain('bn.num_batches_tracked')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
