import { expect, it } from 'vitest'
import { graphsOfStage } from '../../src/artefact/stage-parts.js'
import { byteSize } from '../../src/graph/types.js'
import { type HostTensor, hostArray } from '../../src/runtime/tensors.js'
import { Fixture, compileText, expectTensors, relativeError, trainStage } from './harness.js'

const rounds = 10

/** The networks and losses of test/oracle/alternation.py. */
const source = `
use std.nn { BatchNorm1d, Linear }
module Critic {
  first = Linear(4, 8)
  out = Linear(8, 1)
  fn forward(x) = out(tanh(first(x)))[:, 0]
}
module Generator {
  first = Linear(3, 6, use_bias = false)
  norm = BatchNorm1d(6)
  out = Linear(6, 4)
  fn forward(z) = out(leaky_relu(norm(first(z)), 0.2))
}
pipeline gan {
  model critic = Critic()
  model generator = Generator()
  let noise = draw normal of [6, 3]
  let real = draw normal of [6, 4]
  let alpha = draw uniform(0.0, 1.0) of [6, 1]
  let drawn = generator(noise)
  let between = alpha * real + (1.0 - alpha) * drawn
  let slope = grad(sum(critic(between)), between)
  loss penalty = mean(square(norm(slope, axis = 1) - 1.0))
  loss wasserstein = mean(critic(drawn)) - mean(critic(real))
  stage play {
    steps ${rounds}
    update critic {
      times 5
      train critic
      minimize wasserstein + 10.0 * penalty
      optimizer adamw(lr = 0.01, betas = (0.0, 0.9), eps = 1e-3, weight_decay = 0.0)
      clip_norm 0.5
    }
    update generator {
      train generator
      minimize -mean(critic(drawn))
      optimizer adamw(lr = 0.01, betas = (0.0, 0.9), eps = 1e-3, weight_decay = 0.0)
      accumulate 2
      ema 0.9
    }
    monitor size = mean(square(drawn))
  }
}`

it('ten rounds of WGAN-GP as in PyTorch, within 1e-5: losses, norms, first gradients, weights, states, averages', async () => {
  const fixture = await Fixture.open('alternation')
  const artefact = compileText(source)
  const shapes = new Map(
    artefact.manifest.stages
      .flatMap(graphsOfStage)
      .flatMap(({ inputs }) =>
        inputs.map(({ role, shape }) => [role.kind === 'draw' ? role.path : '', shape] as const),
      ),
  )
  const result = await trainStage(artefact, 'play', {
    steps: rounds,
    weight: (model, path) => fixture.stored(`start/${model}.${path}`),
    inputs: async (path, at): Promise<HostTensor> => {
      const { dtype, data } = await fixture.tensor(`input/${path}`)
      const shape = shapes.get(path.split('/')[1] ?? '') ?? []
      const size = byteSize({ dtype, shape })
      const bytes = data.buffer.slice(data.byteOffset + at * size, data.byteOffset + (at + 1) * size)
      return { dtype, shape, data: hostArray(dtype, bytes) }
    },
  })
  expect(relativeError(result.losses, fixture.facts['losses'] as number[])).toBeLessThan(1e-5)
  const norms = result.gradNorms.map((norm) => norm ?? NaN)
  expect(relativeError(norms, fixture.facts['grad_norms'] as number[])).toBeLessThan(1e-5)
  await expectTensors(
    new Map(
      [...result.gradients].map(([name, g]) => [
        `${name.split('.')[0]}/${name.slice(name.indexOf('.') + 1)}`,
        g,
      ]),
    ),
    fixture,
    'gradient/',
    1e-5,
  )
  await expectTensors(result.end, fixture, 'end/', 1e-5)
  await expectTensors(result.averages, fixture, 'average/', 1e-5)
  expect(result.monitors['size']?.length).toBe(rounds)
})
