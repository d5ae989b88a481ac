import { describe, expect, it } from 'vitest'
import { disjoint } from '../../src/compiler/disjoint.js'
import { analyzeSources } from './analyze.js'

/** Whether two row expressions are known to share no row, as a pipeline declares them. */
function apart(a: string, b: string, [first, second] = ['image', 'image']): boolean {
  const { lowered, diagnostics } = analyzeSources(`use std.nn { Linear }
pipeline p {
  data digits = mnist(split = "test", size = 8)
  data emoji = emoji_art(size = 8)
  data a = ${a} { image: f32[3, 8, 8] = ${first} }
  data b = ${b} { image: f32[3, 8, 8] = ${second} }
  model m = Linear(192, 1)
  evaluate x = average(value = mean(m(flatten(a.image, 1))))
  evaluate y = average(value = mean(m(flatten(b.image, 1))))
}`)
  const [x, y] = ['a', 'b'].map((name) => lowered?.data.find((d) => d.name === name))
  if (!x || !y) throw new Error(diagnostics.map(({ message }) => message).join())
  return disjoint(x, y)
}

describe('two data declarations', () => {
  it.each([
    ['part(digits, 0%..50%)', 'part(digits, 50%..100%)'],
    ['part(digits, 50%..100%, by = digit)', 'part(digits, 0%..50%, by = digit)'],
    ['limit(part(digits, 0%..50%), 10)', 'where(part(digits, 60%..70%), digit > 3)'],
    ['part(part(digits, 0%..50%), 0%..50%)', 'part(part(digits, 0%..50%), 50%..100%)'],
    ['digits', 'mnist(split = "train", size = 8)'],
    ['part(digits, 0%..50%)', 'part(mnist(split = "train", size = 8), 0%..50%)'],
    ['digits', 'emoji'],
    ['emoji_art(styles = ["noto"], size = 8)', 'emoji_art(styles = ["fluent", "twemoji"], size = 8)'],
    ['emoji', 'emoji_art(styles = ["fluent"], size = 8)'],
    ['pairs(part(digits, 0%..50%))', 'part(digits, 50%..100%)'],
  ])('share no row: %s and %s', (a, b) => {
    expect(apart(a, b)).toBe(true)
  })

  it.each([
    ['digits', 'digits'],
    ['part(pairs(digits), 0%..50%)', 'part(pairs(digits), 50%..100%)'],
    ['part(digits, 0%..50%)', 'part(digits, 49%..100%)'],
    ['part(digits, 0%..50%)', 'part(digits, 50%..100%, by = digit)'],
    ['part(digits, 0%..50%, seed = 1)', 'part(digits, 50%..100%)'],
    ['part(limit(digits, 10), 0%..50%)', 'part(digits, 50%..100%)'],
    ['limit(digits, 10)', 'digits'],
    ['digits', 'mnist(split = "test", size = 8)'],
    ['emoji', 'emoji_art(styles = ["noto", "fluent"], size = 8)'],
  ])('may share one: %s and %s', (a, b) => {
    expect(apart(a, b)).toBe(false)
  })

  const cropped = 'centre_crop(image, 8)'
  it.each([
    ['image_folder("a")', 'table("b.csv", columns = { image: "picture" })', cropped, false],
    ['image_folder("a")', 'image_folder("b")', cropped, false],
    ['image_folder("a")', 'mnist(split = "test", size = 8)', 'image', true],
  ])('of files that several sources read: %s and %s', (a, b, image, expected) => {
    expect(apart(a, b, [cropped, image])).toBe(expected)
  })
})
