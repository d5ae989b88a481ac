type Settings = Readonly<Record<string, unknown>>

/**
 * The normalizer of a `tokenizer.json`, made to lower one letter at a time as the library of its authors does: there a
 * capital sigma at the end of a word is \u03c3 like any other, where JavaScript writes \u03c2. Source: tokenizers,
 * normalizers/utils.rs.
 */
export function letterByLetter(normalizer: unknown): unknown {
  if (!isSettings(normalizer)) return normalizer
  const { type, normalizers } = normalizer
  if (Array.isArray(normalizers)) return { ...normalizer, normalizers: normalizers.map(letterByLetter) }
  const lowers = type === 'Lowercase' || (type === 'BertNormalizer' && normalizer['lowercase'] === true)
  return lowers ? { type: 'Sequence', normalizers: [smallSigma, normalizer] } : normalizer
}

const smallSigma: Settings = { type: 'Replace', pattern: { String: '\u03a3' }, content: '\u03c3' }

const isSettings = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
