import { PickleReader } from './pickle-reader.js'
import {
  Name,
  PickleDict,
  PickleList,
  PickleTuple,
  type PickleValue,
  ScriptObject,
  damaged,
  describe,
  refused,
} from './values.js'

/** What a pickle's names mean. */
export interface PickleHost {
  /** Whether the pickle may import a name, `module.name`. */
  allows(path: string): boolean
  /** The result of a call of an allowed name. */
  call(path: string, args: readonly PickleValue[]): PickleValue
  /** An object of an allowed name; undefined where the name stands for no class. */
  object(path: string): ScriptObject | undefined
  /** What an identity outside of the pickle stands for. */
  persistent(id: PickleValue): PickleValue
}

/** A real file of 1,700 tensors takes 70,000 operations; each holds at most a few hundred bytes. */
const maxOperations = 1_000_000

/**
 * Reads a pickle without Python: an interpreter of the operations that plain values and tensors are written with, by
 * protocols 2 to 5. It makes the values of `PickleValue` and nothing else; imports are names that the host allows, and
 * every operation that could make another object is refused. Throws PickleError.
 */
export function readPickle(bytes: Uint8Array, host: PickleHost): PickleValue {
  return new Machine(bytes, host).run()
}

const mark = Symbol('mark')
type Entry = PickleValue | typeof mark

class Machine {
  private readonly read: PickleReader
  private readonly stack: Entry[] = []
  private readonly memo = new Map<number, PickleValue>()

  constructor(
    bytes: Uint8Array,
    private readonly host: PickleHost,
  ) {
    this.read = new PickleReader(bytes)
  }

  run(): PickleValue {
    for (let operations = 0; operations < maxOperations; operations++) {
      const code = this.read.u8()
      if (code === stop) {
        const value = this.pop()
        return this.stack.length === 0 ? value : damaged('values are left over at its end')
      }
      const operation = operationsByCode.get(code)
      if (!operation) return refused(`it uses ${forbidden.get(code) ?? `the operation ${hex(code)}`}`)
      operation(this, this.read)
    }
    return damaged(`it has more than ${maxOperations} operations`)
  }

  push(value: PickleValue): void {
    this.stack.push(value)
  }

  mark(): void {
    this.stack.push(mark)
  }

  pop(): PickleValue {
    const value = this.stack.pop()
    return value === undefined || value === mark ? damaged('it takes a value where there is none') : value
  }

  top(): PickleValue {
    const value = this.stack.at(-1)
    return value === undefined || value === mark ? damaged('it reads a value where there is none') : value
  }

  /** The values above the last mark, which goes. */
  popMark(): PickleValue[] {
    const at = this.stack.lastIndexOf(mark)
    if (at < 0) return damaged('it closes a list that it did not open')
    const values = this.stack.splice(at).slice(1)
    return values as PickleValue[]
  }

  remember(index: number): void {
    this.memo.set(index, this.top())
  }

  memoize(): void {
    this.remember(this.memo.size)
  }

  recall(index: number): void {
    this.push(this.memo.get(index) ?? damaged(`it recalls value ${index}, which it did not keep`))
  }

  import(module: PickleValue, name: PickleValue): void {
    if (typeof module !== 'string' || typeof name !== 'string') return damaged('it imports what is no name')
    const path = `${module}.${name}`.slice(0, 200)
    if (!this.host.allows(path)) return refused(`it imports \`${path}\``)
    this.push(new Name(path))
  }

  call(): void {
    const [args, callee] = [this.pop(), this.pop()]
    if (!(callee instanceof Name) || !(args instanceof PickleTuple))
      return refused(`it calls ${describe(callee)}`)
    this.push(this.host.call(callee.path, args.items))
  }

  /** An object without its fields, which follow. */
  make(): void {
    const [args, type] = [this.pop(), this.pop()]
    const made = type instanceof Name ? this.host.object(type.path) : undefined
    if (!made) return refused('it uses NEWOBJ, which makes an object of any class')
    if (!(args instanceof PickleTuple) || args.items.length > 0)
      return damaged(`it makes a ${made.type} of arguments`)
    this.push(made)
  }

  /** The state of a dict is what modules note beside their parameters; it is no tensor and stays unread. */
  build(): void {
    const state = this.pop()
    const target = this.top()
    if (target instanceof ScriptObject) return setFields(target, state)
    if (!(target instanceof PickleDict)) refused(`it sets the state of ${describe(target)}`)
  }

  persistent(): void {
    this.push(this.host.persistent(this.pop()))
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top()
    if (!(list instanceof PickleList)) return damaged(`it appends to ${describe(list)}`)
    for (const value of values) list.items.push(value)
  }

  set(pairs: readonly PickleValue[]): void {
    const dict = this.top()
    if (!(dict instanceof PickleDict)) return damaged(`it sets an item of ${describe(dict)}`)
    setItems(dict, pairs)
  }
}

/** Puts keys and values, one after the other, into a dict. */
export function setItems(dict: PickleDict, pairs: readonly PickleValue[]): void {
  if (pairs.length % 2 === 1) return damaged('it has a key without a value')
  for (let i = 0; i < pairs.length; i += 2) {
    const [key = null, value = null] = [pairs[i], pairs[i + 1]]
    if (typeof key !== 'string' && typeof key !== 'number')
      return refused(`it has a dictionary whose key is ${describe(key)}`)
    if (dict.entries.has(key)) return damaged(`it names "${key}" twice`)
    dict.entries.set(key, value)
  }
}

function setFields(object: ScriptObject, state: PickleValue): void {
  if (!(state instanceof PickleDict))
    return damaged(`it has a ${object.type} whose state is ${describe(state)}`)
  for (const [name, value] of state.entries) {
    if (object.fields.has(String(name))) return damaged(`it names "${name}" twice`)
    object.fields.set(String(name), value)
  }
}

type Operation = (machine: Machine, read: PickleReader) => void

const stop = 0x2e

const tuple = (length: number): Operation => {
  return (m) => {
    const items = Array.from({ length }, () => m.pop()).toReversed()
    m.push(new PickleTuple(items))
  }
}

/** Every operation that is carried out, by its code; the names are those of Python's pickletools. */
const operationsByCode: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  // PROTO, FRAME
  [0x80, (_, read) => (read.u8() > 5 ? damaged('its protocol is newer than 5') : undefined)],
  [0x95, (_, read) => void read.u64()],
  // NONE, NEWTRUE, NEWFALSE
  [0x4e, (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  // BININT, BININT1, BININT2, LONG1, BINFLOAT
  [0x4a, (m, read) => m.push(read.i32())],
  [0x4b, (m, read) => m.push(read.u8())],
  [0x4d, (m, read) => m.push(read.u16())],
  [0x8a, (m, read) => m.push(read.long())],
  [0x47, (m, read) => m.push(read.f64())],
  // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8, and Python 2's BINSTRING, SHORT_BINSTRING
  [0x58, (m, read) => m.push(read.text(read.u32()))],
  [0x8c, (m, read) => m.push(read.text(read.u8()))],
  [0x8d, (m, read) => m.push(read.text(read.u64()))],
  [0x54, (m, read) => m.push(read.text(read.u32()))],
  [0x55, (m, read) => m.push(read.text(read.u8()))],
  // MARK, EMPTY_LIST, EMPTY_DICT, EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3
  [0x28, (m) => m.mark()],
  [0x5d, (m) => m.push(new PickleList())],
  [0x7d, (m) => m.push(new PickleDict())],
  [0x29, tuple(0)],
  [0x74, (m) => m.push(new PickleTuple(m.popMark()))],
  [0x85, tuple(1)],
  [0x86, tuple(2)],
  [0x87, tuple(3)],
  // APPEND, APPENDS, SETITEM, SETITEMS
  [0x61, (m) => m.append([m.pop()])],
  [0x65, (m) => m.append(m.popMark())],
  [0x73, (m) => m.set([m.pop(), m.pop()].toReversed())],
  [0x75, (m) => m.set(m.popMark())],
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  [0x71, (m, read) => m.remember(read.u8())],
  [0x72, (m, read) => m.remember(read.u32())],
  [0x94, (m) => m.memoize()],
  [0x68, (m, read) => m.recall(read.u8())],
  [0x6a, (m, read) => m.recall(read.u32())],
  // GLOBAL, STACK_GLOBAL, REDUCE, NEWOBJ, BUILD, BINPERSID
  [0x63, (m, read) => m.import(read.line(), read.line())],
  [
    0x93,
    (m) => {
      const name = m.pop()
      m.import(m.pop(), name)
    },
  ],
  [0x52, (m) => m.call()],
  [0x81, (m) => m.make()],
  [0x62, (m) => m.build()],
  [0x51, (m) => m.persistent()],
])

/** Operations that make objects of any class, in words for the message. */
const forbidden: ReadonlyMap<number, string> = new Map([
  [0x69, 'INST, which makes an object of any class'],
  [0x6f, 'OBJ, which makes an object of any class'],
  [0x92, 'NEWOBJ_EX, which makes an object of any class'],
  [0x82, 'EXT1, an import by number'],
  [0x83, 'EXT2, an import by number'],
  [0x84, 'EXT4, an import by number'],
  [0x50, 'PERSID, an identity as text'],
])

const hex = (code: number): string => `0x${code.toString(16).padStart(2, '0')}`
