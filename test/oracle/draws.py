"""Draws, initial values and row orders in NumPy, written from their definition alone.

    python test/oracle/draws.py > test/oracle/fixtures/draws.json

numpy 2.x. The Philox rounds are those of Salmon et al. 2011; the rest is what src/runtime/draws.ts and
src/runtime/order.ts state in their comments.
"""

import hashlib
import json
import struct

import numpy as np

MASK = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    c = [np.asarray(x, dtype=np.uint64) for x in np.broadcast_arrays(*counter)]
    k0, k1 = key
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * c[0]
        p1 = np.uint64(0xCD9E8D57) * c[2]
        c = [
            (p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0),
            p1 & MASK,
            (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1),
            p0 & MASK,
        ]
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=-1)


def key_of(*parts):
    return struct.unpack("<II", hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:8])


def words_of(shape, key, step, micro):
    rows = shape[0] if shape else 1
    width = int(np.prod(shape[1:], dtype=np.int64))
    blocks = (width + 3) // 4
    block, row = np.meshgrid(np.arange(blocks), np.arange(rows))
    words = philox((block, row, np.full_like(block, step), np.full_like(block, micro)), key)
    return words.reshape(rows, blocks * 4), width


def uniform(shape, place, low, high):
    words, width = words_of(shape, *place)
    return (low + words[:, :width].astype(np.float64) / 2**32 * (high - low)).astype(np.float32).reshape(shape)


def randint(shape, place, low, high):
    words, width = words_of(shape, *place)
    return (low + np.floor(words[:, :width].astype(np.float64) * (high - low) / 2**32)).astype(np.int64).reshape(shape)


def normal(shape, place, mean=0.0, std=1.0):
    words, width = words_of(shape, *place)
    w = words.astype(np.float64).reshape(len(words), -1, 2)
    radius = std * np.sqrt(-2 * np.log((w[..., 0] + 1) / 2**32))
    angle = 2 * np.pi * w[..., 1] / 2**32
    pairs = np.stack([mean + radius * np.cos(angle), mean + radius * np.sin(angle)], axis=-1)
    return pairs.reshape(len(words), -1)[:, :width].astype(np.float32).reshape(shape)


def order(seed, data, epoch, length):
    words = philox((np.arange((length + 3) // 4), 0, 0, 0), key_of(seed, "order", data, epoch)).reshape(-1)
    rows = np.arange(length)
    for k, i in enumerate(range(length - 1, 0, -1)):
        j = int(words[k]) * (i + 1) >> 32
        rows[i], rows[j] = rows[j], rows[i]
    return rows


def stream_order(seed, data, epoch, length):
    """The order of one archive whose rows all wait in the buffer: the last of them takes the place of the one drawn."""
    words = philox((np.arange((length + 3) // 4), 0, 0, 0), key_of(seed, "buffer", data, epoch, 0, 1)).reshape(-1)
    waiting, rows = list(range(length)), []
    for word in words[:length]:
        k = int(word) * len(waiting) >> 32
        waiting[k], waiting[-1] = waiting[-1], waiting[k]
        rows.append(waiting.pop())
    return rows


def draw(kind, shape, seed, stage, path, step, micro, **bounds):
    place = (key_of(seed, stage, path), step, micro)
    values = {"normal": normal, "uniform": uniform, "randint": randint}[kind](shape, place, **bounds)
    return {
        "distribution": {"kind": kind, **bounds},
        "shape": shape,
        "seed": seed,
        "stage": stage,
        "path": path,
        "step": step,
        "micro": micro,
        "values": values.reshape(-1).tolist(),
    }


def initial(kind, shape, seed, model, path, **settings):
    place = (key_of(seed, "init", model, path), 0, 0)
    values = uniform(shape, place, **settings) if kind == "uniform" else normal(shape, place, **settings)
    name = {"seed": seed, "model": model, "path": path}
    return {"init": {"kind": kind, **settings}, "shape": shape, "name": name, "values": values.reshape(-1).tolist()}


if __name__ == "__main__":
    print(
        json.dumps(
            {
                "draws": [
                    draw("normal", [8, 5, 3], 7, "align", "eps", 1, 0),
                    draw("normal", [], 7, "align", "eps", 2, 0),
                    draw("normal", [3, 7], -1, "enhance", "view_plus/flip#1", 4600, 3),
                    draw("uniform", [4, 6], 0, "align", "crop", 12, 0, low=-0.25, high=0.1),
                    draw("uniform", [9], 0, "align", "crop", 13, 1, low=0, high=1),
                    draw("randint", [16], 7, "align", "t", 3, 0, low=0, high=1000),
                    draw("randint", [2, 5], 7, "evaluate/gate", "t", 0, 0, low=-3, high=2**31),
                ],
                "initial": [
                    initial("normal", [6, 4], 0, "clip", "visual.weight", mean=0, std=0.02),
                    initial("normal", [5], 0, "clip", "visual.bias", mean=1.5, std=0.5),
                    initial("uniform", [3, 2, 3, 3], 0, "unet", "conv_in.weight", low=-0.19245, high=0.19245),
                ],
                "orders": [
                    {"seed": 7, "data": "cc3m", "epoch": e, "rows": order(7, "cc3m", e, n).tolist()}
                    for e, n in [(0, 17), (1, 17), (5, 64), (0, 1)]
                ],
            }
        )
    )
