/** Pictures of shapes for the examples: the same every time they are drawn. */
export const shapes: Readonly<Record<string, (r: number) => string>> = {
  disc: (r) => `<circle r="${r}"/>`,
  square: (r) => `<rect x="${-r}" y="${-r}" width="${2 * r}" height="${2 * r}"/>`,
  triangle: (r) => `<polygon points="0,${-r} ${r},${r} ${-r},${r}"/>`,
}

/** Numbers between two others that look random and are the same every time. */
export function drawing(): (low: number, high: number) => number {
  let state = 1
  return (low, high) => {
    state = (state * 48271) % 2147483647
    return low + ((high - low) * state) / 2147483647
  }
}

/** A shape of a hue on a light ground of the opposite one, 48 units wide, at a place and of a size by chance. */
export function shapeOn(
  shape: (r: number) => string,
  hue: number,
  pixels: number,
  between: ReturnType<typeof drawing>,
): Buffer {
  const place = `translate(${between(20, 28)} ${between(20, 28)}) rotate(${between(-20, 20)})`
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${pixels}" height="${pixels}" viewBox="0 0 48 48">
      <rect width="100%" height="100%" fill="hsl(${(hue + 180) % 360}, 30%, ${between(90, 98)}%)"/>
      <g transform="${place}" fill="hsl(${hue}, 80%, ${between(20, 45)}%)">${shape(between(11, 17))}</g>
    </svg>`)
}
