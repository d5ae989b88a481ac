import { type FileHandle, open } from 'node:fs/promises'
import { elementCount } from '../../graph/types.js'
import { elementBytes } from '../element-types.js'
import { readAt } from '../read-at.js'
import type { SourceTensor, WeightTable } from '../table.js'
import { WeightsError } from '../weights-error.js'
import { readPickle } from './pickle.js'
import { namedTensors } from './named-tensors.js'
import { scriptHost, torchHost } from './rebuild.js'
import { scriptFields } from './script-fields.js'
import { PickleError, type TensorView } from './values.js'
import { type ZipEntry, zipEntries } from './zip.js'
import { standIn } from '../../stand-in.js'

/** The pickle holds names, shapes and places, 200 bytes a tensor. */
const maxPickle = 16 * 1024 * 1024

const again =
  'read it in Python and save its weights again: `torch.save(torch.load(file, weights_only=True), file)`, or with safetensors'

/**
 * The tensors of a file that `torch.save` wrote of a state dict or of a checkpoint around one, or that `torch.jit.save`
 * wrote of a program, where they lie. Nothing in it is executed: its pickle is read by an interpreter that knows tensors
 * and plain values alone. Throws WeightsError.
 */
export async function openTorch(file: string): Promise<WeightTable> {
  const handle = await open(file, 'r')
  try {
    await refuseOlder(handle, file)
    const entries = await zipEntries(file)
    const [root, pickle] = pickleOf(entries, file)
    await refuseBigEndian(handle, entries.get(`${root}byteorder`), file)
    const isProgram = entries.has(`${root}constants.pkl`)
    const bytes = await readAt(handle, pickle.offset, pickle.length)
    const value = readPickle(bytes, isProgram ? scriptHost : torchHost)
    const fields = isProgram ? await scriptFields(handle, entries, root, file) : new Map<string, never>()
    const views = namedTensors(value, (type, field) => fields.get(type)?.has(field) ?? false)
    if (views.size === 0) throw withoutTensors(file, isProgram)
    const entryOf = (key: string): ZipEntry | undefined => entries.get(`${root}data/${key}`)
    const tensors = [...views].map(
      ([name, view]) => [name, placed(name, view, entryOf(view.storage.key), file)] as const,
    )
    return { file, tensors: new Map(tensors) }
  } catch (error) {
    if (!(error instanceof PickleError)) throw error
    throw error.fault === 'damaged'
      ? new WeightsError(file, `in its pickle, ${error.message}`)
      : new WeightsError(
          file,
          `in its pickle, ${error.message}; a weight file holds tensors and plain values alone`,
          'refused',
          'nothing was executed; if you trust the file, read it in Python and save its state dict alone',
        )
  } finally {
    await handle.close()
  }
}

/** Files of torch before 1.6 are pickles one after the other, or tar archives. */
async function refuseOlder(handle: FileHandle, file: string): Promise<void> {
  const { size } = await handle.stat()
  if (size === 0) throw new WeightsError(file, 'it is empty')
  const begin = await readAt(handle, 0, Math.min(size, 512))
  if (begin.subarray(0, 2).toString('latin1') === 'PK') return
  const other = standIn(begin)
  if (other) throw new WeightsError(file, other.what, 'refused', other.help)
  const old = begin[0] === 0x80 || begin.subarray(257, 262).toString('latin1') === 'ustar'
  throw old
    ? new WeightsError(file, 'it is written as torch before 1.6 did, not as a zip archive', 'refused', again)
    : new WeightsError(file, 'it is no zip archive as torch writes it')
}

/** The archive's own folder and the entry of its pickle. */
function pickleOf(entries: ReadonlyMap<string, ZipEntry>, file: string): [string, ZipEntry] {
  const pickles = [...entries.values()].filter(({ name }) => /^(?:[^/]*\/)?data\.pkl$/.test(name))
  const [pickle] = pickles
  if (!pickle || pickles.length > 1)
    throw new WeightsError(file, `it has ${pickles.length} entries data.pkl, not one`)
  const root = pickle.name.slice(0, -'data.pkl'.length)
  refusePacked(pickle, file)
  if (pickle.length > maxPickle)
    throw new WeightsError(file, `its pickle has ${pickle.length} bytes; the limit is ${maxPickle}`)
  return [root, pickle]
}

async function refuseBigEndian(handle: FileHandle, entry: ZipEntry | undefined, file: string): Promise<void> {
  const order = entry && (await readAt(handle, entry.offset, Math.min(entry.length, 16))).toString('latin1')
  if (order !== undefined && order !== 'little')
    throw new WeightsError(file, `its numbers are ${order}-endian`, 'refused', again)
}

/** torch stores weights as they are; so none is unpacked, and no archive is a bomb. */
function refusePacked({ name, stored }: ZipEntry, file: string): void {
  if (!stored)
    throw new WeightsError(file, `its entry ${name} is compressed or encrypted, which torch never does`)
}

const withoutTensors = (file: string, isProgram: boolean): WeightsError =>
  isProgram
    ? new WeightsError(
        file,
        'it is a TorchScript program without parameters',
        'refused',
        '`torch.jit.freeze` makes constants of them: save the program as it was before',
      )
    : new WeightsError(
        file,
        'it holds no tensors',
        'refused',
        'a weight file is a dictionary of tensors by name: save `model.state_dict()`',
      )

function placed(name: string, view: TensorView, entry: ZipEntry | undefined, file: string): SourceTensor {
  const { storage, shape, strides } = view
  const { dtype, key, elements } = storage
  if (!entry) throw new WeightsError(file, `"${name}" lies in the storage ${key}, which is not there`)
  refusePacked(entry, file)
  const size = elementBytes[dtype] ?? NaN
  if (elements * size !== entry.length) {
    throw new WeightsError(
      file,
      `the storage ${key} of "${name}" has ${entry.length} bytes, its ${elements} elements take ${elements * size}`,
    )
  }
  const head = { name, dtype, shape, file }
  const start = entry.offset + view.offset * size
  return isContiguous(view)
    ? { ...head, offset: start, length: elementCount(shape) * size }
    : { ...head, start, strides }
}

/** Whether the elements lie one after the other; the stride of an axis of size 1 says nothing. */
function isContiguous({ shape, strides }: TensorView): boolean {
  if (elementCount(shape) === 0) return true
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? NaN
    if (size !== 1 && strides[axis] !== expected) return false
    expected *= size
  }
  return true
}
