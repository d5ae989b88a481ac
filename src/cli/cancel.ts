import { engines } from '../experiments/engines/registry.js'
import { exitCodes } from './exit-codes.js'
import { experimentIn, newest } from './status.js'

/** `dcrc cancel`: ends the runs of an ablation, so that they can be gone on with; without a folder of the last one. */
export async function cancel(folder: string | undefined): Promise<number> {
  const directory = folder ?? newest()
  experimentIn(directory)
  let told = 0
  for (const engine of Object.values(engines)) told += await engine.cancel(directory)
  process.stdout.write(`${directory}: ${told === 0 ? 'nothing runs or waits' : `${told} told to end`}\n`)
  return exitCodes.done
}
