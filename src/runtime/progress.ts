import pc from 'picocolors'
import { bytes } from '../diagnostics/units.js'
import { estimateLines, protocolLines } from './estimate-lines.js'
import type { RunEvent } from './events.js'
import { formatNumber } from './format-number.js'
import { LossTrace } from './loss-trace.js'
import { type MetricsLine, type MonitorValue, updatesOf } from './metrics-line.js'
import type { Lane } from './screen.js'
import { describeSubstitutes } from './substitutes.js'

export interface ProgressOptions {
  /** Milliseconds; `performance.now` by default. */
  readonly now?: () => number
  readonly colors?: boolean
  /** Bytes that the process takes; 0: not to be shown. */
  readonly memory?: () => number
}

/** How often a terminal's line is redrawn, and how far apart plain lines are at most, in milliseconds. */
const redraw = 100
const plainEvery = 5000

/**
 * Shows a run: on a terminal in a live line, elsewhere in plain lines (the first step, then every few seconds or tenth
 * of a stage). Gives the function to call with each event.
 */
export function createProgress(lane: Lane, options: ProgressOptions = {}): (event: RunEvent) => void {
  const live = lane.isTerminal
  const {
    now = () => performance.now(),
    colors = live && pc.isColorSupported,
    memory = () => process.memoryUsage.rss(),
  } = options
  const color = pc.createColors(colors)
  const say = (text: string): void => lane.say(text)
  let stage: StageClock | undefined
  let shown = -Infinity
  /** Evaluations whose protocol has been told. */
  const told = new Set<string>()

  const step = (clock: StageClock, metrics: MetricsLine): void => {
    const time = now()
    clock.take(metrics.step, time)
    const last = metrics.step === clock.steps
    clock.see(metrics, last || metrics.step % 16 === 1 ? memory() : 0)
    if (live) {
      if (time - shown < redraw && !last && metrics.step !== clock.from + 1) return
      shown = time
      const text = clock.describe(metrics, barWidth(lane.columns))
      const below = clock.beside(lane.columns > 60 ? 24 : 12)
      if (!last) return lane.draw(text, below)
      say(text)
      if (below !== '') say(below)
    } else {
      const tenth =
        Math.floor((10 * metrics.step) / clock.steps) > Math.floor((10 * (metrics.step - 1)) / clock.steps)
      if (
        metrics.step !== clock.from + 1 &&
        !last &&
        !(tenth && time - shown > 500) &&
        time - shown < plainEvery
      )
        return
      shown = time
      say([clock.describe(metrics, 0), ...clock.facts(false)].join('  '))
    }
  }

  return (event) => {
    switch (event.kind) {
      case 'converting': {
        const values = event.as === null ? 'f32' : `${event.as} values in f32`
        say(`convert ${event.source} to ${values}, once: ${bytes(event.bytes)} -> ${event.file}`)
        return
      }
      case 'warning':
        // shown as a diagnostic, by the command
        return
      case 'started': {
        const from = event.resumed
        const where =
          from === null
            ? ''
            : from.stage === null
              ? ', all stages are trained'
              : `, from ${from.stage} step ${from.step}`
        say(`run ${event.directory}${from === null ? '' : ` (resumed${where})`}`)
        for (const name of event.discarded)
          say(`checkpoint ${name} removed: an earlier stage now trains longer`)
        const random = describeSubstitutes(event.random)
        if (random !== undefined) say(color.yellow(`${random}: this run only tries the pipeline out`))
        return
      }
      case 'stage':
        stage = new StageClock(event.stage, event.from, event.steps, event.rows, now())
        shown = -Infinity
        return
      case 'step':
        if (stage) step(stage, event.line)
        return
      case 'skipped': {
        const all = event.count === 1 ? '' : `, as ${event.count} steps so far`
        say(`${event.stage} step ${event.step}: the ${event.what} is ${event.value}; it is skipped${all}`)
        return
      }
      case 'checkpoint':
        if (!live) say(`checkpoint ${event.directory}`)
        return
      case 'taken':
        say(`${event.stage} is there already: trained ${event.step} steps by ${event.run}`)
        return
      case 'awaiting':
        say(`${event.stage} is being trained by process ${event.pid} on ${event.host}: waiting for it`)
        return
      case 'ended': {
        const early = event.step < event.steps ? `${event.stage} stops after step ${event.step}` : undefined
        const best =
          event.values < event.step
            ? `${event.stage} ends with the values of step ${event.values}`
            : undefined
        for (const line of [early, best]) if (line !== undefined) say(line)
        return
      }
      case 'evaluating':
        if (live && now() - shown >= redraw) {
          shown = now()
          lane.draw(`evaluate ${event.evaluation} (${event.moment}) ${event.done}/${event.batches}`)
        }
        return
      case 'evaluated':
        stage?.pause(now())
        say(`evaluate ${event.evaluation} (${event.moment})${headline(event.metrics)}`)
        for (const line of estimateLines(event.metrics)) say(`  ${line}`)
        if (told.has(event.evaluation)) return
        told.add(event.evaluation)
        for (const line of protocolLines(event.metrics)) say(color.dim(`  ${line}`))
        return
      case 'exported':
        say(`export ${event.name} -> ${event.folder}`)
        return
      case 'done':
        say(
          color.green('done') +
            (describeSubstitutes(event.random) === undefined ? '' : ', on random files: no result'),
        )
        return
      case 'stopped':
        say(
          event.stage === null
            ? 'stopped before the first checkpoint'
            : `stopped after ${event.stage} step ${event.step}, which a checkpoint holds`,
        )
    }
  }
}

/** Speed and remaining time of a stage. */
class StageClock {
  private step: number
  private readonly trace = new LossTrace()
  private monitors: Readonly<Record<string, MonitorValue>> = {}
  private waited = 0
  private worked = 0
  private memory = 0
  private perStep: number | undefined
  private last: number

  constructor(
    private readonly name: string,
    readonly from: number,
    readonly steps: number,
    private readonly rows: number,
    started: number,
  ) {
    this.step = from
    this.last = started
  }

  /** Notes that a step is done. The first one of a stage also loads it, so it counts for nothing. */
  take(step: number, time: number): void {
    const took = (time - this.last) / (step - this.step)
    if (this.step > this.from)
      this.perStep = this.perStep === undefined ? took : 0.9 * this.perStep + 0.1 * took
    this.step = step
    this.last = time
  }

  /** Notes what a step gave. */
  see(line: MetricsLine, memory: number): void {
    for (const [, { loss }] of updatesOf(line).slice(-1)) this.trace.take(loss)
    this.monitors = { ...this.monitors, ...line.monitors }
    this.waited += line.data_ms
    this.worked += line.step_ms
    this.memory = Math.max(this.memory, memory)
  }

  /** The loss so far as a line of bars, and what else there is to know. */
  beside(width: number): string {
    const trace = this.trace.line(width)
    const parts = [...(trace === '' ? [] : [trace]), ...this.facts(true)]
    return parts.length === 0 ? '' : `  ${parts.join('  ')}`
  }

  /** How long data was waited for, where it was; the highest memory; the last values of monitors. */
  facts(withMemory: boolean): readonly string[] {
    const wait = this.waited / (this.waited + this.worked || 1)
    const values = Object.entries(this.monitors).flatMap(([name, value]) =>
      typeof value === 'number' ? [`${name} ${formatNumber(value)}`] : [],
    )
    return [
      ...(wait < 0.01 ? [] : [`waiting for data ${Math.round(100 * wait)} %`]),
      ...(withMemory && this.memory > 0 ? [bytes(this.memory)] : []),
      ...values,
    ]
  }

  /** Notes that the time until now went into something else. */
  pause(time: number): void {
    this.last = time
  }

  describe(metrics: MetricsLine, bar: number): string {
    const { step } = metrics
    const parts = [
      `${this.name} ${drawBar(step / this.steps, bar)}${step}/${this.steps}`,
      ...updatesOf(metrics).map(([name, { loss }]) => `${name ?? 'loss'} ${formatNumber(loss)}`),
    ]
    if (this.perStep !== undefined && this.perStep > 0) {
      const perSecond = 1000 / this.perStep
      parts.push(
        this.rows > 0
          ? `${formatNumber(perSecond * this.rows)} images/s`
          : `${formatNumber(perSecond)} steps/s`,
      )
      if (step < this.steps) parts.push(`ETA ${formatDuration(((this.steps - step) * this.perStep) / 1000)}`)
    }
    return parts.join('  ')
  }
}

/** What a line of so many columns leaves for a bar; none where that is little. */
const barWidth = (columns: number): number => (columns < 68 ? 0 : Math.min(24, columns - 60))

const drawBar = (share: number, width: number): string => {
  if (width === 0) return ''
  const full = Math.round(share * width)
  return `[${'='.repeat(full)}${' '.repeat(width - full)}] `
}

const two = (n: number): string => String(n).padStart(2, '0')

export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

function headline(metrics: Readonly<Record<string, unknown>>): string {
  const numbers = Object.entries(metrics).flatMap(([name, value]) =>
    typeof value === 'number' && !name.endsWith('_chance') ? [`${name} ${formatNumber(value)}`] : [],
  )
  return numbers.length > 0 ? `: ${numbers.slice(0, 6).join(', ')}` : ''
}
