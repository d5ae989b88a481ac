/** How pixels between pixels are made; `nearest` takes the one that is there. */
export const interpolations = ['nearest', 'bilinear', 'bicubic'] as const
export type Interpolation = (typeof interpolations)[number]
