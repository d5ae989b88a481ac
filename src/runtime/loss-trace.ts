const bars = '▁▂▃▄▅▆▇█'
const most = 256

/** The loss of a stage so far, as means over equally many steps each, so that its length is bounded. */
export class LossTrace {
  private means: number[] = []
  /** Steps in a mean, and what has come for the next one. */
  private per = 1
  private sum = 0
  private count = 0

  take(loss: number): void {
    if (!Number.isFinite(loss)) return
    this.sum += loss
    if (++this.count < this.per) return
    this.means.push(this.sum / this.count)
    this.sum = 0
    this.count = 0
    if (this.means.length < most) return
    this.means = pairs(this.means)
    this.per *= 2
  }

  /** The trace in so many characters at most, from its lowest to its highest; nothing before there are two. */
  line(width: number): string {
    const { means } = this
    if (means.length < 2) return ''
    const count = Math.min(width, means.length)
    const values = Array.from({ length: count }, (_, k) =>
      mean(means.slice(Math.floor((k * means.length) / count), Math.floor(((k + 1) * means.length) / count))),
    )
    const [low, high] = [Math.min(...values), Math.max(...values)]
    const bar = (value: number): string =>
      bars[high === low ? 0 : Math.round(((value - low) / (high - low)) * (bars.length - 1))] ?? ''
    return values.map(bar).join('')
  }
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

const pairs = (values: readonly number[]): number[] =>
  Array.from({ length: values.length / 2 }, (_, k) => mean(values.slice(2 * k, 2 * k + 2)))
