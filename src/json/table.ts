/** A table by names that others chose, in which `__proto__` is a name like any other. */
export const emptyTable = <T>(): Record<string, T> => Object.create(null) as Record<string, T>
