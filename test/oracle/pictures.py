"""Pictures as Pillow and torchvision read, resize, cut and colour them: fixtures/pictures.json.

pillow 13.0.0, torchvision 0.29.2, numpy 2.4.6
"""
import base64
import hashlib
import io
import json
import struct
import zlib
from pathlib import Path

import numpy
import torchvision.transforms.functional as F
from PIL import Image, ImageOps

random = numpy.random.default_rng(0)


def text(data):
    return base64.b64encode(data).decode()


def noise(height, width, channels):
    """Smooth colours with some noise, so that JPEG has something to do and rounding shows."""
    y, x = numpy.mgrid[0:height, 0:width]
    waves = [127 + 100 * numpy.sin((c + 2) * x / width * 3 + y / height * (5 - c)) for c in range(channels)]
    values = numpy.stack(waves, -1) + random.normal(0, 12, (height, width, channels))
    return numpy.clip(values, 0, 255).astype(numpy.uint8)


def saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def png16(values):
    """Pillow writes no PNG of 16 bits in colour."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def read(data):
    """What a training script with Pillow gets; transparent pictures on white."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode == "I;16":
        # Pillow takes all above 255 for white, which nobody wants: the higher 8 bits, as Pillow takes of colours
        image = Image.fromarray((numpy.asarray(image) >> 8).astype(numpy.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    return image.convert("RGB")


rgb = Image.fromarray(noise(7, 9, 3))
rgba = Image.fromarray(noise(7, 9, 4), "RGBA")
grey = Image.fromarray(noise(7, 9, 1)[..., 0])
palette = rgb.quantize(11)
clear = rgb.quantize(11)
clear.info["transparency"] = bytes([0, 128, 255, 7])
files = {
    "jpeg": saved(rgb, "JPEG"),
    "jpeg, all colours": saved(rgb, "JPEG", subsampling=0),
    "jpeg, progressive": saved(rgb, "JPEG", progressive=True),
    "jpeg, grey": saved(grey, "JPEG"),
    "jpeg, inks": saved(Image.fromarray(noise(7, 9, 4), "CMYK"), "JPEG"),
    **{f"jpeg, orientation {k}": saved(rgb, "JPEG", exif=exif(k)) for k in range(1, 9)},
    "png, orientation 6": saved(rgb, "PNG", exif=exif(6)),
    "png": saved(rgb, "PNG"),
    "png, grey": saved(grey, "PNG"),
    "png, transparent": saved(rgba, "PNG"),
    "png, grey and transparent": saved(rgba.convert("LA"), "PNG"),
    "png, palette": saved(palette, "PNG"),
    "png, palette with transparency": saved(clear, "PNG", transparency=clear.info["transparency"]),
    "png, black and white": saved(grey.convert("1"), "PNG"),
    "png, 16 bits": png16(noise(7, 9, 3).astype(int) * 257 + random.integers(-200, 200, (7, 9, 3)).clip(0)),
    "png, 16 bits, transparent": png16(noise(7, 9, 4).astype(int) * 256 + 77),
    "png, 16 bits, grey": png16(noise(7, 9, 1).astype(int) * 256 + 77),
    "webp": saved(rgb, "WEBP"),
    "webp, transparent": saved(rgba, "WEBP", lossless=True, exact=True),
    "gif": saved(palette, "GIF"),
    "tiff": saved(rgb, "TIFF"),
}
pictures = []
for name, data in files.items():
    image = read(data)
    pictures.append({"name": name, "file": text(data), "size": image.size, "pixels": text(image.tobytes())})

large = Image.fromarray(noise(61, 47, 3))


def digest(image):
    return {"size": image.size, "sha256": hashlib.sha256(image.tobytes()).hexdigest()}


ways = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
sizes = [(7, 5), (20, 33), (47, 30), (30, 61), (47, 61), (100, 90), (1, 1), (3, 200)]
resized = [
    {"how": how, **digest(large.resize(size, way))} for how, way in ways.items() for size in sizes
]
centres = [
    {"crop": size, **digest(F.center_crop(large, [size[1], size[0]]))}
    for size in [(20, 20), (21, 20), (46, 61), (50, 60), (47, 71), (64, 64)]
]
factors = [0.0, 0.3, 0.77, 1.0, 1.4, 2.5]
turns = [-0.5, -0.21, -0.003, 0.0, 0.1, 0.37, 0.5]
# all corners of the cube of colours, greys and random ones
colours = Image.fromarray(
    numpy.concatenate(
        [
            numpy.array([[r, g, b] for r in (0, 128, 255) for g in (0, 127, 255) for b in (0, 1, 255)]),
            random.integers(0, 256, (37 * 27 - 27, 3)),
        ]
    )
    .astype(numpy.uint8)
    .reshape(27, 37, 3)
)
changed = [
    {"what": name, "by": factor, **digest(change(colours, factor))}
    for name, change, values in [
        ("brightness", F.adjust_brightness, factors),
        ("contrast", F.adjust_contrast, factors),
        ("saturation", F.adjust_saturation, factors),
        ("hue", F.adjust_hue, turns),
    ]
    for factor in values
]
fixture = {
    "pictures": pictures,
    "large": text(saved(large, "PNG")),
    "resized": resized,
    "centres": centres,
    "mirrored": digest(F.hflip(large)),
    "upside_down": digest(F.vflip(large)),
    "colours": text(saved(colours, "PNG")),
    "changed": changed,
}
path = Path(__file__).parent / "fixtures" / "pictures.json"
path.write_text(json.dumps(fixture, indent=1) + "\n")
print(path.stat().st_size, "bytes")
