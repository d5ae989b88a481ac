import { outOfMemory } from '../diagnostics/catalogue/run.js'
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js'

/** How Node and onnxruntime say that they got no memory. */
const sayings = [
  /Array buffer allocation failed/,
  /Invalid (?:typed )?array(?: buffer)? length/,
  /Cannot create a Buffer larger/,
  /The value of "size" is out of range/,
  /bad[_ ]alloc/i,
  /Failed to allocate memory/i,
  /JS heap out of memory/,
  /CUDA failure 2\b/,
  /Available memory of \d+ is smaller than requested/i,
]

/** Whether the machine had not the memory that was asked for. */
export const isMemoryFault = (error: unknown): boolean =>
  error instanceof Error && sayings.some((saying) => saying.test(error.message))

/** The diagnostic for memory that the machine did not give. */
export function memoryFault(error: unknown, span: Span): Diagnostic | undefined {
  if (!isMemoryFault(error)) return undefined
  const [, bytes] =
    /(?:buffer of size|length:|requested bytes of|requested) (\d+)/.exec((error as Error).message) ?? []
  return outOfMemory(span, { bytes: bytes === undefined ? undefined : Number(bytes) })
}
