import { sha256 } from '../graph/sha256.js'
import { canonical } from '../json/canonical.js'
import type { Manifest } from './manifest.js'

/**
 * The hash of an artefact: it changes with what runs, which is all of the manifest with the hashes of its files, but
 * for where it stands in the source, what is said of it there, and what stands in for missing files.
 */
export function identity({
  source_map: _places,
  edit_hint: _hint,
  allowed: _allowed,
  weights: _weights,
  ...rest
}: Omit<Manifest, 'hash'>): string {
  return sha256(canonical(rest))
}
