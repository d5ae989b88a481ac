import { describe, expect, it } from 'vitest'
import { type Nested, evaluated, flat, from, oracle, tensor } from './expressions.js'
import { relativeError } from './harness.js'

type Facts = Readonly<Record<string, Nested>>

describe('colours and maps of pictures as in colorsys and PyTorch', () => {
  const facts = oracle<Facts>('picture_maps')
  const named = (name: string): Nested => facts[name] ?? []
  const text = `
use std.augment { affine, hsv_to_rgb, rgb_to_hsv }
pipeline maps {
  let pictures = draw uniform(0, 1) of [3, 3, 4, 5]
  let angle = draw normal of [3]
  let size = draw normal of [3]
  let right = draw normal of [3]
  let down = draw normal of [3]
  let weight = draw normal of [6, 2, 2, 2]
  let bias = draw normal of [4]
  let scale = draw normal of [5]
  let twice = concat([pictures, pictures], axis = 1)
  evaluate colours = pictures(original = kept(rgb_to_hsv(pictures)), reconstruction = kept(hsv_to_rgb(rgb_to_hsv(pictures))))
  evaluate moved = pictures(original = kept(affine(pictures, angle, size, right, down)))
  evaluate layers = pictures(
    original = kept(conv_transpose(twice, weight, bias, stride = 2, groups = 2)),
    reconstruction = kept(rms_normalization(pictures, scale, eps = 1e-6)),
  )
}`
  const draws = ['pictures', 'angle', 'size', 'right', 'down', 'weight', 'bias', 'scale']
  const inputs = from(Object.fromEntries(draws.map((name) => [name, tensor(named(name))])))

  it.each<[evaluation: string, result: string, expected: string]>([
    ['colours', 'original', 'hsv'],
    ['colours', 'reconstruction', 'pictures'],
    ['moved', 'original', 'affine'],
    ['layers', 'original', 'spread'],
    ['layers', 'reconstruction', 'rms'],
  ])('%s: the %s', async (evaluation, result, expected) => {
    const actual = (await evaluated(text, evaluation, inputs))[result] ?? []
    const wanted = flat(named(expected))
    // `kept` fills up to whole rows of three
    expect(relativeError(actual.slice(0, wanted.length), wanted)).toBeLessThan(1e-5)
  })
})
