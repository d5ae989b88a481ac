/** How two numbers, or two texts, are compared, by the sign that the language writes. */
export const comparisons = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
} as const satisfies Readonly<Record<string, (a: number | string, b: number | string) => boolean>>
