# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""The augmentation of std.augment, pixel by pixel with the standard library's colours, for given random numbers."""

import colorsys
import math
import random

from fixture import write


def clip(v):
    return min(max(v, 0.0), 1.0)


def grey(p):
    return 0.2989 * p[0] + 0.587 * p[1] + 0.114 * p[2]


def blend(p, base, factor):
    return tuple(clip(c * factor + base * (1 - factor)) for c in p)


def jitter(image, brightness, contrast, saturation, hue):
    image = [[tuple(clip(c * brightness) for c in p) for p in row] for row in image]
    mean = sum(grey(p) for row in image for p in row) / sum(len(row) for row in image)
    image = [[blend(p, mean, contrast) for p in row] for row in image]
    image = [[blend(p, grey(p), saturation) for p in row] for row in image]

    def turned(p):
        h, s, v = colorsys.rgb_to_hsv(*p)
        return colorsys.hsv_to_rgb((h + hue) % 1.0, s, v)

    return [[turned(p) for p in row] for row in image]


def sample_line(at, size):
    """The two neighbours of a position and the share of the second."""
    at = min(max(at, 0.0), size - 1.0)
    low = min(int(math.floor(at)), size - 1)
    return low, min(low + 1, size - 1), at - low


def crop(image, area, log_ratio, left, top, size=None):
    """A window resized to `size` x `size` pixels, by default to those of the whole picture."""
    h, w = len(image), len(image[0])
    rows, columns = (h, w) if size is None else (size, size)
    side, stretch = math.sqrt(area), math.exp(0.5 * log_ratio)
    width, height = min(side * stretch, 1.0), min(side / stretch, 1.0)
    left, top = (1 - width) * left, (1 - height) * top
    out = []
    for y in range(rows):
        y0, y1, fy = sample_line(top * h + height * (y + 0.5) * (h / rows) - 0.5, h)
        row = []
        for x in range(columns):
            x0, x1, fx = sample_line(left * w + width * (x + 0.5) * (w / columns) - 0.5, w)
            row.append(
                tuple(
                    (1 - fy) * ((1 - fx) * image[y0][x0][c] + fx * image[y0][x1][c])
                    + fy * ((1 - fx) * image[y1][x0][c] + fx * image[y1][x1][c])
                    for c in range(3)
                )
            )
        out.append(row)
    return out


def planes(image):
    """[h][w] of triples as [3][h][w]."""
    return [[[p[c] for p in row] for row in image] for c in range(3)]


if __name__ == "__main__":
    source = random.Random(6)
    cases = []
    for n in range(6):
        # Some pixels are grey or at the borders of the cube, where hue is delicate.
        image = [
            [
                tuple([source.random()] * 3) if source.random() < 0.1 else tuple(source.choice([0.0, 1.0, source.random()]) for _ in range(3))
                for _ in range(5)
            ]
            for _ in range(6)
        ]
        draws = {
            "brightness": source.uniform(0.9, 1.1),
            "contrast": source.uniform(0.9, 1.1),
            "saturation": source.uniform(0.9, 1.1),
            "hue": source.uniform(-0.05, 0.05),
            "horizontal": source.random(),
            "vertical": source.random(),
            "area": source.uniform(0.9, 1.0),
            "log_ratio": source.uniform(math.log(0.9), math.log(1.1)),
            "left": source.random(),
            "top": source.random(),
        }
        jittered = jitter(image, draws["brightness"], draws["contrast"], draws["saturation"], draws["hue"])
        flipped = [row[::-1] for row in jittered] if draws["horizontal"] < 0.5 else jittered
        flipped = flipped[::-1] if draws["vertical"] < 0.5 else flipped
        result = crop(flipped, draws["area"], draws["log_ratio"], draws["left"], draws["top"])
        cases.append({"image": planes(image), "draws": draws, "jittered": planes(jittered), "result": planes(result)})
    write("augment", {"what": "colour jitter, flips, random resized crop, per picture [3][6][5]", "cases": cases})
