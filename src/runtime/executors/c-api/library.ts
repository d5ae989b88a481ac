import '../../no-telemetry.js'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type koffiModule from 'koffi'
import type { LibraryHandle } from 'koffi'
import { readFileSync } from '../../../disk.js'
import { type FunctionName, apiVersion, functions } from './functions.js'

/** The place of something in the memory of the process. */
export type Pointer = bigint

type Koffi = typeof koffiModule
interface Place {
  readonly path: string
  readonly version: string
}

type Argument = Pointer | number | string | null | ArrayBufferView | readonly string[]
type Native = (...args: readonly Argument[]) => unknown

/** Why the C API cannot be used on this machine; nothing that a pipeline does depends on it. */
export class LibraryUnusable extends Error {}

let opened: Promise<Library> | undefined

/**
 * The library of onnxruntime that the binding uses as well, in the thread that asks. Throws LibraryUnusable where it
 * cannot be called.
 */
export function openLibrary(): Promise<Library> {
  return (opened ??= Library.open())
}

/**
 * onnxruntime's C API. All calls are made at once, in the thread that made this: providers keep what belongs to a device
 * by thread, so no call may be handed to another one.
 */
export class Library {
  /** Where functions put what they make. */
  private readonly result = new BigUint64Array(1)
  private readonly environment: Pointer
  /** Kept, for the same reason. */
  private readonly others: Record<string, LibraryHandle> = {}
  /** Memory of the machine. */
  readonly allocator: Pointer
  readonly hostMemory: Pointer

  private constructor(
    private readonly koffi: Koffi,
    /** Never read: the library would be unloaded, under all that it made, once nothing held its handle. */
    readonly handle: LibraryHandle,
    private readonly table: Readonly<Record<FunctionName, Native>>,
  ) {
    this.environment = this.make('CreateEnv', logOfErrors, 'dcrc')
    this.call('DisableTelemetryEvents', this.environment)
    this.allocator = this.make('GetAllocatorWithDefaultOptions')
    this.hostMemory = this.make('CreateCpuMemoryInfo', deviceAllocator, defaultMemory)
  }

  /** Where the binding has its library, and which version it is. */
  static place(): Place {
    const manifest = attempt(() => createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
    const { platform, arch } = process
    const path = join(dirname(manifest), 'bin/napi-v6', platform, arch, files[platform] ?? '')
    return { path, version }
  }

  static async open({ path, version }: Place = Library.place()): Promise<Library> {
    if (!existsSync(path)) throw new LibraryUnusable(`there is no library ${path}`)
    const koffi = await loadKoffi()
    const handle = attempt(() => koffi.load(path))
    const base = handle.func('void *OrtGetApiBase()')() as Pointer
    const [getApi, getVersion] = koffi.decode(base, koffi.array('void *', 2)) as Pointer[]
    const found = koffi.call(getVersion, koffi.proto('str ()')) as string
    if (found !== version)
      throw new LibraryUnusable(
        `the library is onnxruntime ${found}, the package onnxruntime-node ${version}`,
      )
    const api = koffi.call(getApi, koffi.proto('void *(uint32_t)'), apiVersion) as Pointer | null
    if (api === null) throw new LibraryUnusable(`onnxruntime ${found} has no C API ${apiVersion}`)
    const places = Object.entries(functions).map(([name, [index, type]]): [string, Native] => {
      const [place] = koffi.decode(api, index * pointerSize, koffi.array('void *', 1)) as Pointer[]
      return [name, koffi.decode(place, koffi.proto(type)) as Native]
    })
    return new Library(koffi, handle, Object.fromEntries(places) as Record<FunctionName, Native>)
  }

  /** Calls a function that gives a status; throws what it says, in onnxruntime's words. */
  call(name: FunctionName, ...args: readonly Argument[]): void {
    const status = this.table[name](...args) as Pointer | null
    if (status === null) return
    const message = this.table.GetErrorMessage(status) as string
    this.table.ReleaseStatus(status)
    throw new Error(message)
  }

  /** Calls a function whose last parameter is where it puts what it makes. */
  make(name: FunctionName, ...args: readonly Argument[]): Pointer {
    this.result[0] = 0n
    this.call(name, ...args, this.result)
    return this.result[0]
  }

  /** Gives back what a function has made, by the function for it. */
  release(name: FunctionName & `Release${string}`, pointer: Pointer): void {
    this.table[name](pointer)
  }

  /** A session's input or output names and what else comes as a text that is to be freed. */
  text(name: FunctionName, ...args: readonly Argument[]): string {
    const pointer = this.make(name, ...args)
    const text = this.koffi.decode(pointer, 'char', -1) as string
    this.call('AllocatorFree', this.allocator, pointer)
    return text
  }

  /** Another library, as the loader finds it. */
  other(name: string): LibraryHandle {
    return (this.others[name] ??= attempt(() => this.koffi.load(name)))
  }

  createSession(model: Uint8Array, options: Pointer): Pointer {
    return this.make('CreateSessionFromArray', this.environment, model, model.byteLength, options)
  }

  /** Memory of onnxruntime, as long as what it belongs to stands. */
  bytesAt(pointer: Pointer, length: number): Uint8Array<ArrayBuffer> {
    return length === 0 ? new Uint8Array() : new Uint8Array(this.koffi.view(pointer, length))
  }
}

/** Values of the API's enumerations. */
const [logOfErrors, deviceAllocator, defaultMemory] = [3, 0, 0]
const pointerSize = 8

const files: Readonly<Record<string, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
}

async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default
  } catch (error) {
    throw new LibraryUnusable(`koffi cannot be loaded: ${(error as Error).message.split('\n')[0]}`)
  }
}

function attempt<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new LibraryUnusable((error as Error).message.split('\n')[0])
  }
}
