// The processor time of the best of 20 starts of spherical k-means on 10,000 rows of 768 numbers, in one thread: on clusters that lie
// apart, on clusters that overlap, and with 256 rows a cluster to train on.
// usage: npm run bench:kmeans
import { nearestCentroids, sampleRows, sphericalKmeans } from '../../src/runtime/measures/math/kmeans.js'
import { seededRandom } from '../../src/runtime/measures/math/random.js'
import { unitRows } from '../../src/runtime/measures/math/unit-rows.js'

const [count, width, k] = [10_000, 768, 10]
const random = seededRandom(1)
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const centres = Float32Array.from({ length: k * width }, normal)

for (const noise of [1, 6]) {
  const data = Float32Array.from({ length: count * width }, (_, i) => {
    const cluster = Math.floor(i / width) % k
    return (centres[cluster * width + (i % width)] ?? 0) + noise * normal()
  })
  const rows = unitRows(data, width)
  for (const most of [count, 256 * k]) {
    const start = process.cpuUsage()
    const trained = sampleRows(rows, most, seededRandom(2))
    const { centroids } = sphericalKmeans(trained, k, seededRandom(3), { restarts: 20, init: 'random' })
    nearestCentroids(rows, centroids)
    const { user, system } = process.cpuUsage(start)
    const seconds = ((user + system) / 1e6).toFixed(1)
    console.log(
      `noise ${noise}, trained on ${trained.count} of ${count} rows: ${seconds} s of processor time`,
    )
  }
}
