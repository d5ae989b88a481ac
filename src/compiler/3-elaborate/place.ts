/** Where an instance stands in a model. */
export interface Place {
  readonly model: string
  readonly path: string
}

/** Whether a place is that of an instance or below it. */
export const isBelow = (place: Place, { model, path }: Place): boolean =>
  place.model === model && (path === '' || place.path === path || place.path.startsWith(`${path}.`))
