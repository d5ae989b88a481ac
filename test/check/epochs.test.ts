import { describe, expect, it } from 'vitest'
import { analyzeSources } from './analyze.js'

/*
 * Aim: `epochs` comes to the steps that one works out by hand from rows and batches (MNIST has 60,000 and 10,000 rows),
 * and everything that reads the length of a stage reads these.
 */

const other = 'data b = mnist(split = "test", size = 8) rows 640 { image: f32[3, 8, 8] = image }'

const program = (clauses: string): string => `use std.nn { Linear }
pipeline p {
  data a = limit(mnist(split = "train", size = 8), 1_000) rows 64 { image: f32[3, 8, 8] = image }
  model head = Linear(192, 10)
  fn energy(image) = mean(square(head(flatten(image, 1))))
  loss near = energy(a.image)
  stage s { train head; optimizer sgd(lr = 0.1); ${clauses} }
  ${clauses.includes('b.image') ? other : ''}
}`

function stageOf(source: string, entry?: string) {
  const { lowered, diagnostics } = analyzeSources(source, {}, entry)
  const stage = lowered?.stages.at(-1)
  if (!stage) throw new Error(diagnostics.map((d) => d.message).join('; '))
  return { ...stage, diagnostics: diagnostics.map((d) => d.code) }
}

describe('epochs', () => {
  it.each([
    ['minimize near; epochs 1', 16], // 15.6
    ['minimize near; epochs 3', 47], // 46.9: an epoch goes on in the batch in which the one before ends
    ['minimize near; epochs 8', 125],
    ['minimize near; epochs 0.5', 8],
    ['minimize near; epochs 3; accumulate 2', 24],
    ['minimize energy(b.image); epochs 1', 16],
    ['minimize near + energy(b.image); epochs 1', 16],
    ['minimize near; epochs 1; monitor other = energy(b.image)', 16],
    ['minimize energy(b.image); epochs 64', 1000],
  ])('%s: %i steps', (clauses, steps) => expect(stageOf(program(clauses)).steps).toBe(steps))

  it('is the same stage as with the steps written', () => {
    const plain = ({ span, updates, ...stage }: ReturnType<typeof stageOf>) => ({
      ...stage,
      updates: updates.map(({ span: place, graph, groups, ...update }) => ({
        ...update,
        nodes: span && place && graph.nodes.length,
        groups: groups.map(({ span: at, ...group }) => at && group),
      })),
    })
    const epochs = stageOf(program('minimize near; epochs 8; schedule cosine(warmup = 4%)'))
    const steps = stageOf(program('minimize near; steps 125; schedule cosine(warmup = 5)'))
    expect(plain(epochs)).toEqual(plain(steps))
  })

  it('replaces `steps` in an override, and the other way round', () => {
    const child = (clauses: string) =>
      `${program('minimize near; steps 7')}\npipeline q extends p { override stage s { ${clauses} } }`
    expect(stageOf(child('epochs 8'), 'q').steps).toBe(125)
    expect(stageOf(child('steps 9'), 'q').steps).toBe(9)
  })

  it('is what warnings count with', () =>
    expect(
      stageOf(
        program(
          'minimize near; epochs 1; save_every 16; monitor m = near every 17; schedule cosine(warmup = 100%)',
        ),
      ).diagnostics,
    ).toEqual(['stage/without-effect', 'stage/warmup-too-long', 'stage/without-effect']))
})

describe('shares of a stage in schedules', () => {
  it('are rounded to steps', () => {
    const { updates } = stageOf(
      program('minimize near; steps 130; schedule cosine(warmup = 5%, zero_steps = 1%, final = 0.1)'),
    )
    const [group] = updates[0]?.groups ?? []
    expect(group?.scheduleSettings).toEqual({ warmup: 7, zero_steps: 1, final: 0.1 })
  })
  it('are no factors', () => {
    const { diagnostics } = analyzeSources(
      program('minimize near; steps 130; schedule cosine(warmup = 5%, final = 10%)'),
    )
    expect(diagnostics.map((d) => d.code)).toEqual(['type/mismatch'])
  })
})
