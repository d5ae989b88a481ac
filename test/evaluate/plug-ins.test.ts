import { expect, test } from 'vitest'
import { evaluationKinds } from '../../src/evaluations/registry.js'
import { bodies } from '../../src/runtime/host-functions/all.generated.js'
import { measures } from '../../src/runtime/measures/all.generated.js'
import { openers } from '../../src/runtime/sources/all.generated.js'
import { functions, sources } from '../../src/sources/registry.js'

const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name).sort()

test('what is declared to the compiler is what the runner opens, runs and measures', () => {
  expect(names(openers)).toEqual(names(sources))
  expect(names(bodies)).toEqual(names(functions))
  expect(names(measures)).toEqual(names(evaluationKinds))
})
