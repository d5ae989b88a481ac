import { describe, expect, it } from 'vitest'
import { findSchedule, schedules } from '../../src/schedules/registry.js'

const factors = (name: string, settings: Record<string, number>, steps: number): number[] =>
  Array.from({ length: steps }, (_, i) => findSchedule(name)?.factor(settings, i + 1, steps) ?? NaN)

const close = (found: readonly number[], expected: readonly number[]): void => {
  expect(found).toHaveLength(expected.length)
  found.forEach((f, i) => expect(f).toBeCloseTo(expected[i] ?? NaN, 12))
}

describe('learning-rate schedules', () => {
  it('are found by the names of the language', () => {
    expect(schedules.map((s) => s.name).sort()).toEqual(['constant', 'cosine', 'linear_warmup'])
    expect(findSchedule('step')).toBeUndefined()
  })

  it('constant is 1 throughout', () => close(factors('constant', {}, 3), [1, 1, 1]))

  it('linear_warmup rises in equal steps and stays', () => {
    close(factors('linear_warmup', { warmup: 4 }, 6), [0.25, 0.5, 0.75, 1, 1, 1])
  })

  it('cosine without warm-up goes down as half a cosine', () => {
    const h = Math.SQRT1_2
    close(factors('cosine', {}, 4), [1, (1 + h) / 2, 0.5, (1 - h) / 2])
  })

  it('cosine rises over its warm-up first and falls towards `final`', () => {
    close(factors('cosine', { warmup: 2, final: 0.2 }, 6), [
      0.5,
      1,
      1,
      0.2 + 0.4 * (1 + Math.SQRT1_2),
      0.6,
      0.2 + 0.4 * (1 - Math.SQRT1_2),
    ])
  })

  // get_cosine_schedule_with_warmup and get_constant_schedule_with_warmup of transformers 5.23.0, 2 steps of 6.
  it("with one step at 0 they are transformers' schedules", () => {
    const settings = { warmup: 2, zero_steps: 1 }
    close(factors('cosine', settings, 6), [0, 0.5, 1, 0.8535533905932737, 0.5, 0.14644660940672627])
    close(factors('linear_warmup', settings, 6), [0, 0.5, 1, 1, 1, 1])
  })
})
