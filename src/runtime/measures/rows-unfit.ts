/** Rows that an evaluation cannot measure as they are: classes without rows, a half of a pair; the user's data is at fault. */
export class RowsUnfit extends Error {
  constructor(
    message: string,
    readonly help: string,
  ) {
    super(message)
  }
}
