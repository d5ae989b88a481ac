/*
 * What it costs to train vision transformers with a third of the activations that PyTorch keeps, by the planner:
 *
 *   npm run bench:again
 *
 * What PyTorch keeps for the backward pass is from test/bench/saved_activations.py; it grows with the batch.
 */
import { type Planning, plan } from '../../src/compiler/index.js'
import type { StagePlan } from '../../src/compiler/plan/report.js'
import { requestOf } from '../check/analyze.js'

interface Size {
  readonly name: string
  readonly config: string
  readonly batch: number
  /** Bytes that PyTorch 2.15 keeps for a picture, with its fused attention. */
  readonly saved: number
}

const sizes: readonly Size[] = [
  { name: 'ViT-S/16', config: sized(384, 12, 6, 16), batch: 64, saved: 73.93e6 },
  { name: 'ViT-B/16', config: sized(768, 12, 12, 16), batch: 64, saved: 147.21e6 },
  { name: 'ViT-L/14', config: sized(1024, 24, 16, 14), batch: 64, saved: 508.49e6 },
]

function sized(width: number, layers: number, heads: number, patch: number): string {
  return `hidden_size = ${width}, intermediate_size = ${4 * width}, num_hidden_layers = ${layers},
    num_attention_heads = ${heads}, image_size = 224, patch_size = ${patch}`
}

const tuned = ({ config, batch }: Size, clauses: string): StagePlan =>
  stageOf(
    plan(
      requestOf(`use std.clip { ClipVisionConfig, ClipVisionTransformer }

pipeline p {
  model net = ClipVisionTransformer(ClipVisionConfig(${config}))
  let x = draw normal of [${batch}, 3, 224, 224]
  stage tune {
    train net
    minimize mean(square(net(x).pooler_output))
    optimizer adamw(lr = 1e-4)
    steps 10
    ${clauses}
  }
}`),
    ),
  )

function stageOf({ plan: made, diagnostics }: Planning): StagePlan {
  const [stage] = made?.stages ?? []
  if (!stage || diagnostics.length > 0) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  return stage
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2)

console.log('| model | batch | PyTorch keeps GB | results GB, all kept | a third | operations | compile s |')
for (const size of sizes) {
  const whole = tuned(size, '')
  const saved = size.saved * size.batch
  const budget = whole.memory.peak - whole.memory.activations + saved / 3
  const start = performance.now()
  const lean = tuned(size, `memory ${Math.floor(budget / 1e6)} MB`)
  const seconds = (performance.now() - start) / 1000
  const columns = [
    size.name,
    size.batch,
    gigabytes(saved),
    gigabytes(whole.memory.activations),
    gigabytes(lean.memory.activations),
    (lean.flops / whole.flops).toFixed(3),
    seconds.toFixed(1),
  ]
  console.log(`| ${columns.join(' | ')} |`)
}
