/** The order of code points, which is the same everywhere, and Python's. */
export function byName(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  let k = 0
  while (k < length && a.charCodeAt(k) === b.charCodeAt(k)) k++
  if (k === length) return a.length - b.length
  const [x, y] = [a.charCodeAt(k), b.charCodeAt(k)]
  // Halves of characters above U+FFFF come behind all whole ones.
  return isHalf(x) === isHalf(y) ? x - y : isHalf(x) ? 1 : -1
}

const isHalf = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000
