export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Plain JSON objects, as settings of an optimizer or an evaluation. */
export type Settings = Readonly<Record<string, Json>>
