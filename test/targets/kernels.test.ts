import { describe, expect, it } from 'vitest'
import { operators } from '../../src/ops/registry.js'
import { cpu } from '../../src/targets/cpu/index.js'
import { targets } from '../../src/targets/registry.js'
import { sessions } from '../../src/targets/sessions.js'
import { refusedCasts, typesOf, written } from './ask.js'

/*
 * Aim: the table of kernels says what onnxruntime says. That of CUDA is asked in test/cuda, where its provider is.
 */

describe('the kernels of the processor', () => {
  it.each(written.filter(({ name }) => name !== 'Cast').map((op) => [op.name, op] as const))(
    '%s',
    async (name, op) => {
      const found = await typesOf(op, cpu)
      expect(found.toSorted()).toEqual([...(cpu.kernels[name]?.types ?? [])].toSorted())
    },
  )

  it('cast between all types', async () => {
    expect(await refusedCasts(cpu)).toEqual([])
  })
})

it.each(targets)('kernels of $name are of operators that there are', ({ kernels }) => {
  const names = new Set(operators.map(({ name }) => name))
  expect(Object.keys(kernels).filter((name) => !names.has(name))).toEqual([])
})

it('every target has its sessions, and the runner no others', () => {
  expect(Object.entries(sessions)).toEqual(targets.map(({ name, session }) => [name, session]))
})
