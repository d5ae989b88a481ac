import { statfsSync } from 'node:fs'

/** The bytes that are free for this user on the disk of a folder. */
export function freeRoom(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** What a checkpoint takes beside its tensors: headers, `state.json` with what waits in a shuffle buffer. */
export const besideTensors = 1024 * 1024
