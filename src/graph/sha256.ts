/**
 * SHA-256 (FIPS 180-4) of bytes, or of a text in UTF-8, as hexadecimal digits: Node's where there is one, which is ten
 * times as fast, and else our own, because the compiler needs no platform: editors and browsers run it too.
 */
export const sha256 = (message: string | Uint8Array): string =>
  crypto ? crypto.createHash('sha256').update(message).digest('hex') : portableSha256(message)

const crypto = (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule?.('node:crypto')

/** The same without a platform. */
export function portableSha256(message: string | Uint8Array): string {
  const bytes = pad(typeof message === 'string' ? new TextEncoder().encode(message) : message)
  const state = Uint32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)))
  const w = new Uint32Array(64)
  const at = (i: number): number => w[i] as number // i < 64 in all calls below
  for (let block = 0; block < bytes.byteLength; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = bytes.getUint32(block + 4 * i)
    for (let i = 16; i < 64; i++) {
      const s0 = rotate(at(i - 15), 7) ^ rotate(at(i - 15), 18) ^ (at(i - 15) >>> 3)
      const s1 = rotate(at(i - 2), 17) ^ rotate(at(i - 2), 19) ^ (at(i - 2) >>> 10)
      w[i] = at(i - 16) + s0 + at(i - 7) + s1
    }
    compress(state, w)
  }
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('')
}

function compress(state: Uint32Array, w: Uint32Array): void {
  const word = (i: number): number => state[i] as number // i < 8 below
  let [a, b, c, d] = [word(0), word(1), word(2), word(3)]
  let [e, f, g, h] = [word(4), word(5), word(6), word(7)]
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (constants[i] as number) + (w[i] as number)) | 0
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] = word(0) + a
  state[1] = word(1) + b
  state[2] = word(2) + c
  state[3] = word(3) + d
  state[4] = word(4) + e
  state[5] = word(5) + f
  state[6] = word(6) + g
  state[7] = word(7) + h
}

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n))

/** The first 32 bits of the fractional part. */
const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32)

const primes = Array.from({ length: 311 }, (_, i) => i + 2).filter((n) => {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false
  return true
})

const constants = Uint32Array.from(primes.slice(0, 64), (p) => fraction(Math.cbrt(p)))

/** The message, a one bit, zeros, and the length in bits, to a multiple of 64 bytes. */
function pad(message: Uint8Array): DataView {
  const length = Math.ceil((message.length + 9) / 64) * 64
  const padded = new Uint8Array(length)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(length - 8, Math.floor(message.length / 2 ** 29))
  view.setUint32(length - 4, (message.length << 3) >>> 0)
  return view
}
