import { elementCount, maxElements } from '../../graph/types.js'
import { type PickleHost, setItems } from './pickle.js'
import {
  Name,
  PickleDict,
  PickleList,
  PickleTuple,
  type PickleValue,
  ScriptObject,
  Storage,
  TensorView,
  damaged,
  describe,
  refused,
} from './values.js'

/** Element types by torch's classes of storage; those that no model has are named as safetensors names them. */
const storages: ReadonlyMap<string, string> = new Map([
  ['torch.FloatStorage', 'f32'],
  ['torch.DoubleStorage', 'f64'],
  ['torch.HalfStorage', 'f16'],
  ['torch.BFloat16Storage', 'bf16'],
  ['torch.LongStorage', 'i64'],
  ['torch.IntStorage', 'i32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'u8'],
  ['torch.BoolStorage', 'bool'],
])

type Call = (args: readonly PickleValue[]) => PickleValue

/** The calls that tensors are written with, carried out here; nothing of Python is. */
const calls: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['collections.OrderedDict', orderedDict],
  ['torch._utils._rebuild_tensor', tensor],
  ['torch._utils._rebuild_tensor_v2', tensor],
  ['torch._utils._rebuild_parameter', ([data = null]) => viewOf(data)],
])

/** What the names of torch's pickles mean; all others are refused. */
export const torchHost: PickleHost = {
  allows: (path) => calls.has(path) || storages.has(path),
  call: (path, args) => calls.get(path)?.(args) ?? refused(`it calls \`${path}\``),
  object: () => undefined,
  persistent: storage,
}

/** What TorchScript writes around plain values: the types of lists, a device by its name. */
const wrappers: ReadonlySet<string> = new Set([
  'torch.jit._pickle.build_intlist',
  'torch.jit._pickle.build_doublelist',
  'torch.jit._pickle.build_boollist',
  'torch.jit._pickle.build_tensorlist',
  'torch.jit._pickle.restore_type_tag',
  'torch.device',
])

/** The classes of a program; what is made of them is their name and their fields. */
const ofProgram = '__torch__.'

/** What the names of a TorchScript program's pickle mean. */
export const scriptHost: PickleHost = {
  allows: (path) => torchHost.allows(path) || wrappers.has(path) || path.startsWith(ofProgram),
  call: (path, args) => (wrappers.has(path) ? (args[0] ?? null) : torchHost.call(path, args)),
  object: (path) => (path.startsWith(ofProgram) ? new ScriptObject(path) : undefined),
  persistent: storage,
}

/** `OrderedDict()`, or of a list of pairs, as Python 2 wrote it. */
function orderedDict(args: readonly PickleValue[]): PickleDict {
  const dict = new PickleDict()
  const [pairs] = args
  if (pairs === undefined) return dict
  if (args.length > 1 || !(pairs instanceof PickleList)) return damaged('it makes an OrderedDict of no list')
  for (const pair of pairs.items) {
    const items = pair instanceof PickleList || pair instanceof PickleTuple ? pair.items : []
    setItems(dict, items.length === 2 ? items : damaged('it makes an OrderedDict of no pairs'))
  }
  return dict
}

/** `("storage", torch.FloatStorage, key, device, number of elements)` */
function storage(id: PickleValue): Storage {
  const [kind, type, key, , elements] = id instanceof PickleTuple ? id.items : []
  const dtype = type instanceof Name ? storages.get(type.path) : undefined
  if (kind !== 'storage' || dtype === undefined || typeof key !== 'string')
    return damaged('it names a storage in an unknown way')
  return new Storage(key, dtype, size(elements, 'the size of a storage'))
}

/** `(storage, offset, shape, strides, requires_grad, backward_hooks, metadata)` */
function tensor([of, offset, shape, strides, , , metadata]: readonly PickleValue[]): TensorView {
  if (!(of instanceof Storage)) return damaged('it makes a tensor without a storage')
  if (metadata instanceof PickleDict && metadata.entries.size > 0)
    return refused(`it has a tensor with the mark ${[...metadata.entries.keys()].join(', ')}`)
  const view = new TensorView(of, size(offset, 'an offset'), sizes(shape), sizes(strides))
  if (view.shape.length !== view.strides.length) return damaged('it has a tensor with a stride too many')
  const count = elementCount(view.shape)
  if (!(count <= maxElements))
    return damaged(`it has a tensor of the impossible shape [${view.shape.join(', ')}]`)
  const last = view.shape.reduce((at, d, i) => at + (d - 1) * (view.strides[i] ?? 0), view.offset)
  if (count > 0 && !(last < of.elements))
    return damaged(`it has a tensor that ends at element ${last + 1} of a storage of ${of.elements}`)
  return view
}

function viewOf(value: PickleValue): TensorView {
  return value instanceof TensorView ? value : damaged(`it makes a parameter of ${describe(value)}`)
}

function sizes(value: PickleValue | undefined): readonly number[] {
  if (!(value instanceof PickleTuple)) return damaged('it has a tensor without a shape')
  return value.items.map((item) => size(item, 'a size'))
}

function size(value: PickleValue | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  return damaged(`${what} in it is ${typeof value === 'number' ? value : describe(value ?? null)}`)
}
