import { describe, expect, test } from 'vitest'
import { tensor } from '../../src/graph/types.js'
import { call, counting } from './call-language.js'

const picture = counting([1, 1, 3, 3])
const grid = tensor('f32', [1, 1, 3, 2], [-0.5, 0.25, 1.2, -1.5, 0, 1])

const elements = (name: string, given: Readonly<Record<string, unknown>>): readonly number[] => [
  ...(call(name, given)[0]?.data ?? []),
]

function close(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length)
  for (const [i, v] of expected.entries()) expect(actual[i], `element ${i}`).toBeCloseTo(v, 5)
}

/** Expected numbers: torch 2.9.1, on the picture 1 to 9. */
describe('pooling, resizing, sampling and transposed convolution as in PyTorch', () => {
  test('max_pool2d(2, stride 1, padding 1)', () => {
    const expected = [1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 7, 8, 9, 9]
    close(elements('max_pool', { x: picture, kernel: [2], stride: [1], padding: [1] }), expected)
  })

  test('avg_pool2d(2, stride 1, padding 1), and with ceil_mode', () => {
    const expected = [0.25, 0.75, 1.25, 0.75, 1.25, 3, 4, 2.25, 2.75, 6, 7, 3.75, 1.75, 3.75, 4.25, 2.25]
    close(elements('average_pool', { x: picture, kernel: [2], stride: [1], padding: [1] }), expected)
    close(elements('average_pool', { x: picture, kernel: [2], ceil: true }), [3, 4.5, 7.5, 9])
  })

  test.each<[Record<string, unknown>, readonly number[]]>([
    [{ size: [2, 4] }, [1.75, 2.375, 3.125, 3.75, 6.25, 6.875, 7.625, 8.25]],
    [{ size: [2, 4], align_corners: true }, [1, 1.666667, 2.333333, 3, 7, 7.666667, 8.333333, 9]],
    [{ size: [2, 2], antialias: true }, [2.5, 3.75, 6.25, 7.5]],
  ])('interpolate(mode = bilinear) %o', (how, expected) => {
    close(elements('resize_linear', { x: picture, ...how }), expected)
  })

  test('interpolate(mode = bicubic)', () => {
    const expected = [1.502441, 2.104004, 3.044434, 3.645996, 6.354004, 6.955566, 7.895996, 8.497559]
    close(elements('resize_cubic', { x: picture, size: [2, 4] }), expected)
    close(
      elements('resize_cubic', { x: picture, size: [2, 2], antialias: true }),
      [2.239165, 3.619583, 6.380417, 7.760835],
    )
  })

  test.each<[string, string, boolean, readonly number[]]>([
    ['linear', 'zeros', false, [5.375, 0, 4]],
    ['linear', 'zeros', true, [5.25, 1.2, 8]],
    ['linear', 'border', false, [5.375, 3, 8]],
    ['linear', 'border', true, [5.25, 3, 8]],
    ['linear', 'reflection', false, [5.375, 3.75, 8]],
    ['linear', 'reflection', true, [5.25, 4.3, 8]],
    ['nearest', 'zeros', false, [4, 0, 8]],
    ['nearest', 'zeros', true, [4, 3, 8]],
    ['nearest', 'border', false, [4, 3, 8]],
    ['nearest', 'reflection', true, [4, 3, 8]],
  ])('grid_sample(%s, %s, align_corners %s)', (mode, padding, align_corners, expected) => {
    close(elements('grid_sample', { x: picture, grid, mode, padding, align_corners }), expected)
  })

  test('conv_transpose2d(stride 2, output_padding 1) with bias, and conv_transpose1d(padding 1)', () => {
    const weight = tensor('f32', [1, 1, 2, 2], [1, 0, 2, -1])
    const bias = tensor('f32', [1], [0.5])
    close(
      elements('conv_transpose', {
        x: counting([1, 1, 2, 2]),
        weight,
        bias,
        stride: [2],
        output_padding: [1],
      }),
      [
        [1.5, 0.5, 2.5, 0.5, 0.5],
        [2.5, -0.5, 4.5, -1.5, 0.5],
        [3.5, 0.5, 4.5, 0.5, 0.5],
        [6.5, -2.5, 8.5, -3.5, 0.5],
        [0.5, 0.5, 0.5, 0.5, 0.5],
      ].flat(),
    )
    const line = { x: counting([1, 1, 3]), weight: counting([1, 1, 3]), padding: [1] }
    close(elements('conv_transpose', line), [4, 10, 12])
  })
})
