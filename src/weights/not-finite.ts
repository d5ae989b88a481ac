import { z } from 'zod'
import { parsed } from '../json/parsed.js'
import { remembered } from './content.js'
import { gatheredPieces } from './gather.js'
import { tensorPieces } from './safetensors.js'
import { type SourceTensor, isStored } from './table.js'

const schema = z.strictObject({
  count: z.int(),
  /** The first of them: where it stands, by axis, and what it is. */
  at: z.array(z.int()).readonly(),
  value: z.enum(['NaN', 'Infinity', '-Infinity']),
})
/** What of a tensor's values is NaN or infinite. */
export type NotFinite = z.infer<typeof schema>

const found = z.array(z.tuple([z.string(), schema]))

/**
 * Of some tensors those with values that are not finite, by name. A file is read for them once: what was found is
 * remembered in `cache`.
 */
export async function notFinite(
  tensors: readonly SourceTensor[],
  cache: string,
): Promise<ReadonlyMap<string, NotFinite>> {
  const files = new Map<string, SourceTensor[]>()
  for (const tensor of tensors) files.set(tensor.file, [...(files.get(tensor.file) ?? []), tensor])
  const all: (readonly [string, NotFinite])[] = []
  for (const [file, own] of files) {
    const about = ['not finite', own.map((tensor) => ({ ...tensor, file: null }))]
    const isText = (text: string): boolean => found.safeParse(parsed(text)).success
    const text = await remembered(file, { cache, about, isText }, async () => {
      const problems: (readonly [string, NotFinite])[] = []
      for (const tensor of own) {
        const problem = await notFiniteIn(tensor)
        if (problem) problems.push([tensor.name, problem])
      }
      return JSON.stringify(problems)
    })
    all.push(...found.parse(parsed(text)))
  }
  return new Map(all)
}

/** In which words of its bits a float type has its exponent, all ones where a value is not finite. */
const exponents: ReadonlyMap<
  string,
  { readonly words: 16 | 32; readonly mask: number; readonly every: number }
> = new Map([
  ['f32', { words: 32, mask: 0x7f800000, every: 1 }],
  // the upper half of each value, which stands behind the lower one
  ['f64', { words: 32, mask: 0x7ff00000, every: 2 }],
  ['f16', { words: 16, mask: 0x7c00, every: 1 }],
  ['bf16', { words: 16, mask: 0x7f80, every: 1 }],
])

/** Reads a tensor for values that are not finite; undefined where all are, and for integers. */
async function notFiniteIn(tensor: SourceTensor): Promise<NotFinite | undefined> {
  const exponent = exponents.get(tensor.dtype)
  if (!exponent) return undefined
  const { words, mask, every } = exponent
  let count = 0
  let first: { readonly index: number; readonly value: NotFinite['value'] } | undefined
  let before = 0
  for await (const bytes of isStored(tensor) ? tensorPieces(tensor) : gatheredPieces(tensor)) {
    const bits = words === 32 ? new Int32Array(bytes) : new Int16Array(bytes)
    const here = countOf(bits, mask, every)
    if (here.count > 0)
      first ??= { index: before + here.first, value: valueOf(bits, here.first, mask, every) }
    count += here.count
    before += bits.length / every
  }
  return first && { count, at: coordinates(first.index, tensor.shape), value: first.value }
}

function countOf(bits: Int32Array | Int16Array, mask: number, every: number) {
  let [count, first] = [0, -1]
  for (let i = every - 1; i < bits.length; i += every) {
    if (((bits[i] ?? 0) & mask) !== mask) continue
    if (first < 0) first = (i - every + 1) / every
    count++
  }
  return { count, first }
}

/** NaN where the fraction behind the exponent holds a bit, else infinity with its sign. */
function valueOf(
  bits: Int32Array | Int16Array,
  index: number,
  mask: number,
  every: number,
): NotFinite['value'] {
  const words = [...bits.subarray(index * every, (index + 1) * every)]
  const top = words.pop() ?? 0
  const fraction = (mask & -mask) - 1
  if ((top & fraction) !== 0 || words.some((word) => word !== 0)) return 'NaN'
  return top < 0 ? '-Infinity' : 'Infinity'
}

function coordinates(index: number, shape: readonly number[]): number[] {
  const at: number[] = []
  for (const size of [...shape].reverse()) {
    at.unshift(index % size)
    index = Math.floor(index / size)
  }
  return at
}
