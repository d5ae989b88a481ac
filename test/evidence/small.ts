/** The quickstart with two pictures a step, cheap evaluations, and a look at the conflict at every other step. */
export const smallQuickstart = (without: readonly string[] = []): string => `
use "./quickstart.dcr" { dcr }
pipeline small extends dcr {
  override param batch = 2
  override stage enhance {
    monitor conflict = cosine(grad(contrastive, z), grad(reconstruction, z)) every 2
    monitor conflict_null = cosine(
      grad(reconstruction, z),
      grad(reconstruction_twin, z_twin),
    ) every 2
  }
  override data digits = limit(mnist(split = "test", size = 32), 200) {
    image: f32[3, 32, 32] = image
    digit: i64[] = digit
  }
  override evaluate mnist = clustering(features = features(digits.image), label = digits.digit, seeds = 1)
  override evaluate grid = pictures(original = image, reconstruction = pixel_shuffle(latent, 2))
  ${without.map((name) => `remove evaluate ${name}`).join('\n  ')}
}`

/** The training of the generator with few rows a step. */
export const smallGenerator = `
use "./generator.dcr" { generator }
pipeline small extends generator { override param batch = 2 }`
