import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const programs = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'scontrol']

/** Why no cluster can be started here; undefined where one can. */
export function whyNot(): string | undefined {
  const missing = programs.find((name) => spawnSync('which', [name]).status !== 0)
  if (missing !== undefined) return `${missing} is not installed: apt-get install slurm-wlm munge`
  return process.getuid?.() === 0 ? undefined : 'slurmd runs as root alone'
}

/** A cluster of one machine, this one, on its loopback, with all its files in a folder of its own. */
export class SlurmCluster {
  private constructor(
    private readonly folder: string,
    private readonly daemons: readonly ChildProcess[],
  ) {}

  /** What commands of Slurm find it by. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, SLURM_CONF: join(this.folder, 'slurm.conf') }
  }

  static async start(): Promise<SlurmCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'dcrc-slurm-'))
    // munged wants its socket to be one that all can reach
    chmodSync(folder, 0o755)
    const of = (name: string): string => join(folder, name)
    for (const name of ['state', 'spool']) mkdirSync(of(name))
    writeFileSync(of('munge.key'), randomBytes(128), { mode: 0o600 })
    const [host = ''] = hostname().split('.')
    const [control, node] = [await freePort(), await freePort()]
    writeFileSync(
      of('slurm.conf'),
      `ClusterName=dcrc
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${control}
SlurmdPort=${node}
SlurmUser=root
AuthInfo=socket=${of('munge.sock')}
StateSaveLocation=${of('state')}
SlurmdSpoolDir=${of('spool')}
SlurmctldPidFile=${of('slurmctld.pid')}
SlurmdPidFile=${of('slurmd.pid')}
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,bf_interval=1
MpiDefault=none
NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000
PartitionName=main Nodes=ALL Default=YES
`,
    )
    const env = { ...process.env, SLURM_CONF: of('slurm.conf') }
    const daemon = (name: string, ...args: readonly string[]): ChildProcess =>
      spawn(name, args, { env, stdio: 'ignore' })
    const files = ['key', 'sock', 'pid', 'log', 'seed'].map((name) => of(`munge.${name}`))
    const [key = '', sock = '', pid = '', log = '', seed = ''] = files
    const daemons = [
      daemon(
        'munged',
        '--foreground',
        `--key-file=${key}`,
        `--socket=${sock}`,
        `--pid-file=${pid}`,
        `--log-file=${log}`,
        `--seed-file=${seed}`,
      ),
    ]
    await until(() => existsSync(sock))
    daemons.push(daemon('slurmctld', '-D'), daemon('slurmd', '-D'))
    const cluster = new SlurmCluster(folder, daemons)
    await until(() => cluster.says('sinfo', '--noheader', '--format=%T') === 'idle')
    return cluster
  }

  /** What a command of Slurm prints; the empty text where it fails. */
  says(command: string, ...args: readonly string[]): string {
    return spawnSync(command, args, { env: this.env, encoding: 'utf8' }).stdout.trim()
  }

  /** Lets a job that was requeued begin at once, instead of in two minutes. */
  beginNow(id: string): void {
    execFileSync('scontrol', ['update', `JobId=${id}`, 'StartTime=now'], { env: this.env })
  }

  async stop(): Promise<void> {
    this.says('scancel', '--me')
    await until(() => this.says('squeue', '--noheader') === '')
    for (const daemon of this.daemons.toReversed()) daemon.kill()
    await until(() =>
      this.daemons.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
    )
    rmSync(this.folder, { recursive: true })
  }
}

/** Waits until something is so; the test's own limit ends what never is. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(100)
}

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
