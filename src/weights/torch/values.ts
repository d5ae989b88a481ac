// What a pickle may hold: Python's plain values, and the few things of torch that weights are made of.

export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleList
  | PickleTuple
  | PickleDict
  | Name
  | Storage
  | TensorView
  | ScriptObject

export class PickleList {
  readonly items: PickleValue[] = []
}

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A dict or OrderedDict. Keys of other kinds than these do not occur in weights. */
export class PickleDict {
  readonly entries = new Map<string | number, PickleValue>()
}

/** A name that the pickle imports, one of those that are allowed; nothing is behind it. */
export class Name {
  constructor(readonly path: string) {}
}

/** A block of memory of a torch file, by the name of its entry. */
export class Storage {
  constructor(
    readonly key: string,
    readonly dtype: string,
    readonly elements: number,
  ) {}
}

/** A tensor as a view of a storage; offset and strides count elements. */
export class TensorView {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** An object of a class of a TorchScript program: its fields, and the name of the class, behind which nothing is. */
export class ScriptObject {
  readonly fields = new Map<string, PickleValue>()

  constructor(readonly type: string) {}
}

/** What is wrong with a pickle, without the file's name. */
export class PickleError extends Error {
  constructor(
    message: string,
    readonly fault: 'damaged' | 'refused',
  ) {
    super(message)
  }
}

export const damaged = (problem: string): never => {
  throw new PickleError(problem, 'damaged')
}

export const refused = (problem: string): never => {
  throw new PickleError(problem, 'refused')
}

/** A value in the words of a message. */
export function describe(value: PickleValue): string {
  if (value === null) return 'None'
  if (value instanceof PickleList) return 'a list'
  if (value instanceof PickleTuple) return 'a tuple'
  if (value instanceof PickleDict) return 'a dictionary'
  if (value instanceof Name) return value.path
  if (value instanceof Storage) return 'a storage'
  if (value instanceof TensorView) return 'a tensor'
  if (value instanceof ScriptObject) return `a ${value.type}`
  return typeof value === 'string' ? 'a string' : typeof value === 'boolean' ? 'a bool' : 'a number'
}
