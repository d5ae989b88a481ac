import declared from '../../evaluations/average.js'
import { finiteOrNull, result } from './results.js'
import { deviation, mean } from './math/statistics.js'
import type { KindMeasure } from './measure.js'

const average: KindMeasure = {
  name: declared.name,
  measure(input) {
    const values = Array.from(result(input, 'value').data)
    return {
      mean: finiteOrNull(mean(values)),
      mean_std: finiteOrNull(deviation(values) / Math.sqrt(values.length)),
      batches: values.length,
    }
  },
}

export default average
