import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { trainedOf } from '../../src/artefact/stage-parts.js'
import { elementCount } from '../../src/graph/types.js'
import { drawKey, normal } from '../../src/runtime/draws.js'
import { derivative } from './derivative.js'
import { Probe, type State } from './probe.js'
import { Project } from './project.js'

/*
 * Aim: gradients seen from outside. With sgd(lr = 1) and no clipping, what one step of the emitted graph takes from a
 * tensor is the gradient. It is compared with differences of the same graph's own loss. Everything runs in float32 on
 * onnxruntime, as users train.
 */

let project: Project
beforeAll(async () => {
  project = await Project.create()
})
afterAll(() => project.remove())

const sgd = 'optimizer sgd(lr = 1.0); schedule constant(); clip_norm 1e30'

/** The quickstart with two pictures a step. */
const quickstart = `
use "./quickstart.dcr" { dcr }
pipeline gradients extends dcr {
  override stage align { ${sgd} }
  override stage enhance { ${sgd} }
}`

/** The training of a CLIP and of the generator, from random weights on all parameters. */
const clip = `
use std.clip { ClipModel }
use "./models.dcr" { tiny_clip }
use "./text.dcr" { text }
pipeline gradients extends text {
  override model clip = ClipModel(tiny_clip) from "pipelines/quickstart/base/clip.safetensors"
  override stage pretrain { ${sgd} }
}`
const generator = `
use std.stable_diffusion { UNet2DConditionModel }
use "./generator.dcr" { generator }
use "./models.dcr" { tiny_unet }
pipeline gradients extends generator {
  override model unet = UNet2DConditionModel(tiny_unet) from "pipelines/quickstart/base/unet.safetensors"
  override let reading = text(drawings.caption).last_hidden_state
  override stage generate { ${sgd} }
}`

const stages = [
  { text: quickstart, settings: { batch: '2' }, name: 'align', zero: null },
  { text: quickstart, settings: { batch: '2' }, name: 'enhance', zero: /\.self_attn\.k_proj\.bias$/ },
  { text: clip, settings: { batch: '3' }, name: 'pretrain', zero: /\.self_attn\.k_proj\.bias$/ },
  { text: generator, settings: { batch: '1' }, name: 'generate', zero: null },
]

/**
 * Relative to the norm of the tensor's gradient. A loss of float32 is known to some 1e-7 of itself. A tensor that moves
 * the loss by a tenth of a percent before its curvature shows has a derivative known to some 1e-3; the worst ones (the
 * scales and biases before attention that hardly looks at its condition) move it ten times less.
 */
const perTensor = 1e-2
/** All tensors at once along their gradients move the loss more, before rounding or curvature shows. */
const wholeModel = 1e-3
/** Directions asked of a tensor at the most. */
const attempts = 3
/** The relative rounding error of a loss. */
const epsilon = 4e-7
/** The relative change of the loss that the first step aims at. */
const change = 2e-3
/**
 * The longest first step of an entry. Random changes of the entries that one output sums up add to their square root
 * times as much; longer steps would only be halved again.
 */
const longest = (shape: readonly number[]): number =>
  0.5 / Math.sqrt(Math.max(1, elementCount(shape.slice(1))))

describe.each(stages)('stage $name', ({ text, settings, name, zero }) => {
  test('every change of state is minus the derivative of the loss', async () => {
    const artefact = project.compileText(text, settings)
    const probe = await Probe.open(artefact, name, project.root, project.path('runs', name))
    try {
      await expectGradients(probe, zero)
    } finally {
      await probe.close()
    }
  }, 600_000)
})

async function expectGradients(probe: Probe, zero: RegExp | null): Promise<void> {
  const { start } = probe
  const { loss, state } = await probe.step()
  expect(await probe.loss(start)).toBe(loss)
  const gradients = new Map(
    [...start].map(([key, x]) => [key, x.map((v, i) => v - (state.get(key)?.[i] ?? NaN))]),
  )
  const norms = new Map([...gradients].map(([key, g]) => [key, norm(g)]))
  const total = Math.hypot(...norms.values())

  /** The loss after moving tensors along directions. */
  const along = (directions: State) => (h: number) =>
    probe.loss(
      new Map(
        [...start].map(([key, x]) => {
          const d = directions.get(key)
          return [key, d ? x.map((v, i) => v + h * (d[i] ?? 0)) : x]
        }),
      ),
    )
  const far: string[] = []
  const compare = async (what: string, directions: State, size: number, tolerance: number, cap: number) => {
    let expected = 0
    for (const [key, d] of directions) expected += dot(gradients.get(key) ?? d, d)
    const h = Math.min((change * loss) / size, cap)
    const exact = { rounding: epsilon * loss, enough: (tolerance / 4) * size }
    const { value, error } = await derivative(along(directions), h, exact)
    const off = Math.abs(value - expected) / size
    const told = `${what}: ${expected} is off by ${off} of ${size} (differences are sure to ${error / size})`
    return { agrees: off <= tolerance, sure: error <= (tolerance / 2) * size, told }
  }

  for (const { model, path, shape } of trainedOf(probe.stage)) {
    const key = `param/${model}/${path}`
    const gradient = gradients.get(key) ?? new Float32Array()
    const size = norms.get(key) ?? NaN
    const random = gaussian(key, gradient.length)
    if (zero?.test(key)) {
      // Its true gradient is 0: both sides are rounding errors.
      if (!(size <= 1e-6 * total)) far.push(`${key}: the gradient is ${size}, not 0`)
      const moved = await along(new Map([[key, random]]))(longest(shape))
      if (!(Math.abs(moved - loss) <= 2e-6 * loss)) far.push(`${key}: it moves the loss by ${moved - loss}`)
      continue
    }
    // A random direction, the way that it goes uphill, leaning to the gradient: an error of any entry shows in the
    // first (of variance 1 in each), an error of scale in the second, and neither can hide the other. Where float32
    // leaves the differences themselves unsure, another direction is asked.
    for (let attempt = 0; attempt < attempts; attempt++) {
      const drawn = attempt === 0 ? random : gaussian(`${key}#${attempt}`, gradient.length)
      const sign = Math.sign(dot(gradient, drawn)) || 1
      const direction = drawn.map((r, i) => sign * r + (gradient[i] ?? NaN) / size)
      const { agrees, sure, told } = await compare(
        key,
        new Map([[key, direction]]),
        size,
        perTensor,
        longest(shape),
      )
      if (agrees) break
      if (sure || attempt === attempts - 1) {
        far.push(told)
        break
      }
    }
  }
  const uphill = new Map([...gradients].map(([key, g]) => [key, g.map((v) => v / total)]))
  const whole = await compare('the whole model', uphill, total, wholeModel, 1)
  if (!whole.agrees) far.push(whole.told)
  expect(far).toEqual([])
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? NaN), 0)
const norm = (a: Float32Array): number => Math.sqrt(dot(a, a))

function gaussian(name: string, length: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length)
  normal(values, [length], { key: drawKey('direction', name), step: 0, micro: 0 }, 0, 1)
  return values
}
