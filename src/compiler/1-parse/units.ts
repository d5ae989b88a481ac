/** What a quantity measures: `16 GB`, `10 min`, `5%`. */
export type Measure = 'bytes' | 'time' | 'share'

interface Unit {
  readonly measure: Measure
  /** So many of it as bytes, seconds or wholes. */
  readonly amount: (count: number) => number
}

const times = (measure: Measure, factor: number): Unit => ({ measure, amount: (count) => count * factor })

/** The units that may stand behind a number. */
export const units = {
  kB: times('bytes', 1e3),
  MB: times('bytes', 1e6),
  GB: times('bytes', 1e9),
  TB: times('bytes', 1e12),
  s: times('time', 1),
  min: times('time', 60),
  h: times('time', 3600),
  d: times('time', 86_400),
  // divided: 57 * 0.01 is not 0.57
  '%': { measure: 'share', amount: (count) => count / 100 },
} as const satisfies Readonly<Record<string, Unit>>

export type UnitName = keyof typeof units

/** A number with its unit. */
export interface Quantity {
  readonly value: number
  readonly unit: UnitName
}

export const measureOf = ({ unit }: Quantity): Measure => units[unit].measure
export const amountOf = ({ value, unit }: Quantity): number => units[unit].amount(value)

/** A quantity as it is written: a percent sign stands at its number, other units apart from it. */
export const quantityText = ({ value, unit }: { value: number | string; unit: UnitName }): string =>
  unit === '%' ? `${value}%` : `${value} ${unit}`

/** How people also spell units. */
const spellings: Readonly<Partial<Record<UnitName, string>>> = {
  kB: 'kib k',
  MB: 'mib m',
  GB: 'gib g',
  TB: 'tib t',
  s: 'sec secs second seconds',
  min: 'mins minute minutes',
  h: 'hr hrs hour hours',
  d: 'day days',
  '%': 'percent',
}

/** The unit that was probably meant by a word behind a number. */
export function nearestUnit(word: string): UnitName | undefined {
  const small = word.toLowerCase()
  return (Object.keys(units) as UnitName[]).find(
    (unit) => unit.toLowerCase() === small || spellings[unit]?.split(' ').includes(small) === true,
  )
}

const number = String.raw`\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?(?:[eE][+-]?\d+)?`
const words = Object.keys(units).filter((unit) => unit !== '%')
/** The number and its unit, on one line. */
const pattern = String.raw`(${number})(?:[ \t]*(${words.join('|')})(?!\w)|(%))`

export const quantityPattern = new RegExp(pattern)

/** The quantity that a text is, if it is one. */
export function readQuantity(text: string): (Quantity & { readonly number: string }) | undefined {
  const [, number, word, percent] = new RegExp(`^${pattern}$`).exec(text) ?? []
  const unit = word ?? percent
  if (number === undefined || unit === undefined) return undefined
  return { number, value: Number(number.replaceAll('_', '')), unit: unit as UnitName }
}
