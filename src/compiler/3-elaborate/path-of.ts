import { fromFile } from '../2-resolve/program.js'
import type { TextVal } from './values.js'

/**
 * The path that a text names: `./` and `../` begin at the file in which the text is written, any other relative path at
 * the root of the project. A text that no file holds, as of `--set`, begins there too.
 */
export const pathOf = ({ value, span }: TextVal): string =>
  /^\.\.?(?:\/|$)/.test(value) ? fromFile(span?.file ?? '', value) : value
