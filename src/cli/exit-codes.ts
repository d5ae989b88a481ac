/** What the exit code of `dcrc` means; `interrupted` is what shells use for Ctrl-C. */
export const exitCodes = { done: 0, userError: 1, usage: 2, bug: 70, interrupted: 130 } as const
