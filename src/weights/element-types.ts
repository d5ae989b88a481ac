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
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  F8_E8M0: 1,
  F6_E2M3: 0.75,
  F6_E3M2: 0.75,
  F4: 0.5,
  C64: 8,
}
