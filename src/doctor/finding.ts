/** One thing that was looked at. */
export interface Finding {
  /** `ok`: as it must be; `note`: worth knowing, nothing depends on it; `bad`: a run cannot work like this. */
  readonly state: 'ok' | 'note' | 'bad'
  readonly subject: string
  readonly text: string
  /** What mends it: a command, or what to do. */
  readonly help?: string
}

export const ok = (subject: string, text: string): Finding => ({ state: 'ok', subject, text })
export const note = (subject: string, text: string, help?: string): Finding => ({
  state: 'note',
  subject,
  text,
  ...(help === undefined ? {} : { help }),
})
export const bad = (subject: string, text: string, help: string): Finding => ({
  state: 'bad',
  subject,
  text,
  help,
})

/** The first line of what an error says. */
export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
