import type { LocalOptions } from './local.js'
import type { Job } from './jobs.js'

/** What is known of how jobs are to be run, beside what they are. */
export interface Submission {
  /** What it is called, where the engine shows names. */
  readonly name: string
  /** The project root. */
  readonly root: string
  /** How many jobs go on at the same time; undefined: as the engine has it. */
  readonly atMost: number | undefined
  /** The file with what jobs ask a cluster for; undefined: the one of the project, if there is one. */
  readonly resources: string | undefined
  /** The words of the command that runs a job, but for the experiment's folder and the job's number. */
  readonly command: readonly string[]
  /** How runs are run in this process. */
  readonly here: LocalOptions
}

/** Who runs the jobs of an experiment. A new one is a file, and a line in the registry. */
export interface Engine {
  /**
   * Has jobs run, each after those that it names; says what is to be told of it. It comes back when there is nothing
   * more to be done here: when all have ended, or when a cluster has taken them. Throws UserError.
   */
  submit(directory: string, jobs: readonly Job[], how: Submission): Promise<string | undefined>
  /** What it says of jobs that it has and that have not ended, by the folders of their runs. */
  status(directory: string): Promise<ReadonlyMap<string, string>>
  /** Tells jobs to end, as they would on Ctrl-C, and takes back those that have not begun. Gives their number. */
  cancel(directory: string): Promise<number>
}
