import { printDiagnostics } from './print.js'
import { exitCodes } from './exit-codes.js'
import { Problems } from '../runtime/prepare.js'
import { repeatExports } from '../runtime/repeat-exports.js'

/** `dcrc export`: writes the exports of a run that has ended once more, without training. */
export async function exportRun(
  folder: string,
  { steps }: { readonly steps?: number | undefined },
): Promise<number> {
  try {
    const exported = await repeatExports(folder, {
      root: process.cwd(),
      steps,
      onEvent: (event) => {
        if (event.kind === 'warning') printDiagnostics([event.diagnostic])
      },
    })
    for (const path of Object.values(exported)) process.stdout.write(`${path}\n`)
    return exitCodes.done
  } catch (error) {
    if (!(error instanceof Problems)) throw error
    printDiagnostics(error.diagnostics)
    return exitCodes.userError
  }
}
