import type { FileNode } from './file-node.js'

/** Inputs of operators that say how they work: an initializer that only stands there is no weight. */
const settingInputs: ReadonlyMap<string, readonly number[]> = new Map([
  ['Clip', [1, 2]],
  ['ConstantOfShape', [0]],
  ['Dropout', [1, 2]],
  ['Expand', [1]],
  ['OneHot', [1, 2]],
  ['Pad', [1, 2, 3]],
  ['Pow', [1]],
  ['Range', [0, 1, 2]],
  ['Reshape', [1]],
  ['Resize', [1, 2, 3]],
  ['Slice', [1, 2, 3, 4]],
  ['Tile', [1]],
  ['TopK', [1]],
  ['Upsample', [1]],
])

/** The values that decide shapes and ways alone, directly or by what is computed from them. */
export function settingNames(nodes: readonly FileNode[]): ReadonlySet<string> {
  const settings = new Set<string>()
  const others = new Set<string>()
  const useAs = (names: readonly string[], at: (k: number) => boolean): void =>
    names.forEach((name, k) => (at(k) ? settings : others).add(name))
  const isSetting = (name: string): boolean => settings.has(name) && !others.has(name)
  for (const { op, inputs, outputs, bodies } of nodes.toReversed()) {
    const of = settingInputs.get(op) ?? []
    const all = outputs.length > 0 && outputs.every((name) => name === '' || isSetting(name))
    useAs(inputs, (k) => all || of.includes(k))
    for (const body of bodies.values()) {
      const within = body.nodes.flatMap((node) => node.inputs)
      useAs([...within, ...body.outputs], () => false)
    }
  }
  for (const name of others) settings.delete(name)
  return settings
}
