import { count, decimal, duration, short } from '../format.js'
import type { RunSummary, StageSummary } from '../run-summary.js'
import { quantile } from '../svg/series.js'
import { colourOf } from './comparison.js'
import { ends, lossesOf } from './curves.js'
import { html, type Html } from './html.js'

/** What ran: steps, sizes and times per stage, the pipelines' parameters, and the commands to run it again. */
export function factsSection(
  runs: readonly RunSummary[],
  labels: readonly string[],
  commands: readonly string[],
): Html {
  return html`<section>
    <h2>What ran</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Method</th>
            <th>stage</th>
            <th>steps</th>
            <th>trained</th>
            <th>optimizer</th>
            <th>loss</th>
            <th>time</th>
            <th>a step</th>
            <th>waiting for data</th>
          </tr>
        </thead>
        <tbody>
          ${runs.flatMap((run, index) => run.stages.map((stage) => factRow(labels[index] ?? run.pipeline, stage, colourOf(index))))}
        </tbody>
      </table>
    </div>
    <details>
      <summary>Parameters</summary>
      ${runs.map((run, index) => html`<pre>${parameters(run, labels[index] ?? run.pipeline)}</pre>`)}
    </details>
    ${
      commands.length === 0
        ? null
        : html`<h3 style="margin-top:16px">To repeat</h3>
            <pre>${commands.join('\n')}</pre>`
    }
  </section>`
}

const parameters = (run: RunSummary, label: string): string =>
  [
    `${label} (${run.folder})`,
    ...Object.entries(run.params).map(([name, value]) => `  ${name} = ${JSON.stringify(value)}`),
  ].join('\n')

/** 5e-5 rather than 0.00005. */
const rate = (value: number): string => (value < 1e-2 ? value.toExponential() : String(value))

const optimizerText = ({ optimizers, learningRates }: StageSummary): string => {
  const rates = learningRates.length > 0 ? `, lr ${learningRates.map(rate).join(', ')}` : ''
  return `${optimizers.join(', ')}${rates}`
}

const medianTime = (times: readonly number[]): string =>
  times.length > 0 ? duration(quantile(times, 0.5)) : '–'

const cell = (label: string, text: string): Html => html`<td data-label="${label}"><span>${text}</span></td>`

function stepsText({ steps, records, updates, accumulate }: StageSummary): string {
  const ran = records.length === steps ? count(steps) : `${count(records.length)} of ${count(steps)}`
  if (updates.length > 0) return `${ran} rounds`
  return accumulate > 1 ? `${ran} × ${accumulate}` : ran
}

function factRow(method: string, stage: StageSummary, colour: number): Html {
  const { records } = stage
  const losses = lossesOf(stage).flatMap(({ update, points }) => {
    if (points.length === 0) return []
    const [first, last] = ends(points)
    return [`${update === null ? '' : `${update} `}${decimal(first)} → ${decimal(last)}`]
  })
  return html`<tr>
    <th scope="row"><span class="swatch s${colour}"></span>${method}</th>
    ${cell('stage', stage.name)} ${cell('steps', stepsText(stage))}
    ${cell('trained', `${short(stage.trained)} numbers`)} ${cell('optimizer', optimizerText(stage))}
    ${cell('loss', losses.length > 0 ? losses.join(', ') : '–')}
    ${cell('time', duration(records.reduce((sum, record) => sum + record.step_ms, 0)))}
    ${cell('a step', medianTime(records.map((record) => record.step_ms)))}
    ${cell('waiting for data', medianTime(records.map((record) => record.data_ms)))}
  </tr> `
}
