/** A folder is no run, or its files are damaged. */
export class RunUnreadable extends Error {
  constructor(
    message: string,
    readonly help: string,
  ) {
    super(message)
  }
}
