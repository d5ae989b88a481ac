import { bytesPerElement } from '../graph/types.js'

/** Bytes per element of what a weight file may hold: our types, and by their names in safetensors those that only pass through. */
export const elementBytes: Readonly<Record<string, number>> = {
  ...bytesPerElement,
  U64: 8,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
}
