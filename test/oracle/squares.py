"""Dropout masks of squares32 (Widynski 2020) in numpy: entry i is kept where squares32(i, key) >= p 2^32."""

import numpy
import torch


def squares32(counters, key):
    y = x = counters * key
    z = y + key
    for plus in (y, z, y):
        x = x * x + plus
        x = (x >> numpy.uint64(32)) | (x << numpy.uint64(32))
    return (x * x + z) >> numpy.uint64(32)


def kept(words, shape, p):
    """`words` are the two of the key, low first."""
    key = numpy.uint64((2 * (int(words[0]) + (int(words[1]) << 32)) + 1) % 2**64)
    counters = numpy.arange(numpy.prod(shape), dtype=numpy.uint64).reshape(shape)
    return torch.from_numpy(squares32(counters, key) >= numpy.uint64(numpy.ceil(p * 2**32)))
