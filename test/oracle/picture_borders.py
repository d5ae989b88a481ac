# /// script
# requires-python = ">=3.10"
# dependencies = ["pillow==13.0.0", "numpy==2.4.6"]
# ///
"""Bars around pictures, their removal, and grounds of transparent ones, by Pillow: fixtures/picture_borders.json.

Bars lie as img2dataset puts them: longest_max_size, then pad, of albumentations; the resizing is Pillow's.
"""

import base64
import hashlib
import io
import json
from pathlib import Path

import numpy
from PIL import Image, ImageChops

random = numpy.random.default_rng(7)


def waves(height, width, channels=3):
    y, x = numpy.mgrid[0:height, 0:width]
    values = [127 + 90 * numpy.sin((c + 2) * x / width * 3 + y / height * (5 - c)) for c in range(channels)]
    return numpy.clip(numpy.stack(values, -1) + random.normal(0, 8, (height, width, channels)), 0, 255).astype(numpy.uint8)


def saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return base64.b64encode(file.getvalue()).decode()


def digest(image):
    return {"size": image.size, "sha256": hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()}


def letterbox(image, size, colour, way):
    height, width = size
    scale = min(height / image.height, width / image.width)
    inner = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), way)
    ground = Image.new("RGB", (width, height), colour)
    ground.paste(inner, ((width - inner.width) // 2, (height - inner.height) // 2))
    return ground


def trimmed(image, tolerance):
    """What is left of lines in which no pixel is further than that from the corner's colour."""
    ground = Image.new("RGB", image.size, image.getpixel((0, 0)))
    far = ImageChops.difference(image, ground).point(lambda v: 255 if v > tolerance else 0)
    box = far.getbbox()
    return image if box is None else image.crop(box)


wide, high = Image.fromarray(waves(23, 41)), Image.fromarray(waves(38, 17))
bars = [
    {"picture": name, "to": size, "colour": colour, "how": how, **digest(letterbox(image, size, colour, way))}
    for name, image in (("wide", wide), ("high", high))
    for size, colour, how, way in [
        ([32, 32], "#ffffff", "bilinear", Image.BILINEAR),
        ([21, 64], "#000000", "bicubic", Image.BICUBIC),
        ([50, 25], "#12ab9f", "nearest", Image.NEAREST),
        ([20, 20], "#ffffff", "bicubic", Image.BICUBIC),
    ]
]

boxed = letterbox(wide, [48, 48], "#ffffff", Image.BILINEAR)
jpeg = Image.open(io.BytesIO(base64.b64decode(saved(boxed, "JPEG", quality=90)))).convert("RGB")
corner = Image.new("RGB", (9, 7), "#102030")
corner.putpixel((8, 6), (200, 0, 0))
plain = Image.new("RGB", (6, 5), "#335577")
trims = [
    {"picture": saved(image, "PNG"), "tolerance": tolerance, **digest(trimmed(image, tolerance))}
    for image, tolerance in [(boxed, 0), (boxed, 8), (jpeg, 0), (jpeg, 8), (jpeg, 30), (corner, 8), (plain, 8), (wide, 8)]
]

clear = Image.fromarray(waves(11, 13, 4))
grounds = [
    {"colour": colour, **digest(Image.alpha_composite(Image.new("RGBA", clear.size, colour), clear))}
    for colour in ("#ffffff", "#000000", "#808080", "#12ab9f")
]

stored = saved(Image.fromarray(waves(96, 128)), "JPEG", quality=85)
photo = Image.open(io.BytesIO(base64.b64decode(stored))).convert("RGB")
fast = [
    {"size": size, "how": how, "pixels": base64.b64encode(photo.resize((size[1], size[0]), way).tobytes()).decode()}
    for size, how, way in [([24, 32], "bilinear", Image.BILINEAR), ([20, 20], "bicubic", Image.BICUBIC)]
]
fixture = {
    "wide": saved(wide, "PNG"), "high": saved(high, "PNG"), "bars": bars, "trims": trims,
    "clear": saved(clear, "PNG"), "grounds": grounds, "photo": stored, "fast": fast,
}
path = Path(__file__).parent / "fixtures" / "picture_borders.json"
path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
print(path.stat().st_size, "bytes")
