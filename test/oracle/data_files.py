"""Small data sets as the usual tools write them, and their rows as those tools read them: fixtures/data/.

pillow 13.0.0, datasets 5.2.0, webdataset 1.0.2
"""
import io
import json
import tarfile
from pathlib import Path

import numpy
import webdataset
from datasets import Dataset, Features, Image as ImageFeature, Sequence, Value
from PIL import Image

folder = Path(__file__).parent / "fixtures" / "data"
folder.mkdir(exist_ok=True)
random = numpy.random.default_rng(0)


def png(k):
    file = io.BytesIO()
    Image.fromarray(random.integers(0, 256, (4 + k, 5, 3)).astype(numpy.uint8)).save(file, "PNG")
    return file.getvalue()


pictures = [png(k) for k in range(5)]
captions = ["a cat", "zwei Kätzchen, \"quoted\"", "line\nbreak", "猫", ""]
rows = {
    "image": [{"bytes": data, "path": f"{k}.png"} for k, data in enumerate(pictures)],
    "caption": captions,
    "label": [2, 0, 1, 0, 2**40],
    "score": [0.5, -1.25, 3e-5, 1e20, 0.0],
    "box": [[k, k + 0.5, -k, 0.0] for k in range(5)],
}
features = Features(
    {
        "image": ImageFeature(),
        "caption": Value("string"),
        "label": Value("int64"),
        "score": Value("float64"),
        "box": Sequence(Value("float32"), length=4),
    }
)
Dataset.from_dict(rows, features=features).to_parquet(folder / "rows.parquet", batch_size=2)

# what webdataset makes of a tar with the cases of its rules
members = [
    ("a/000000000.jpg", pictures[0]),
    ("a/000000000.txt", b"first "),
    ("a/000000000.json", b"{}"),
    ("a/000000001.JPG", pictures[1]),
    ("a/000000001.cls", b"7"),
    ("a/__meta__/x.txt", b"in a folder"),
    ("__skipped__.txt", b"no sample"),
    ("../outside.png", pictures[2]),
    ("../outside.seg.png", pictures[3]),
    ("/tmp/absolute.txt", b"never on disk"),
    ("b/" + "long" * 40 + ".png", pictures[4]),
    ("b/" + "long" * 40 + ".txt", "länger".encode()),
    ("noending", b"x"),
    ("a/000000000.txt", b"the key again"),
]
for form, name in [(tarfile.GNU_FORMAT, "gnu"), (tarfile.PAX_FORMAT, "pax"), (tarfile.USTAR_FORMAT, "ustar")]:
    with tarfile.open(folder / f"{name}.tar", "w", format=form) as archive:
        for path, data in members:
            if name == "ustar" and "long" in path:
                continue
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def samples(name):
    for sample in webdataset.WebDataset(str(folder / f"{name}.tar"), shardshuffle=False):
        keys = {key for key in sample if not key.startswith("__")}
        yield {"key": sample["__key__"], "members": {key: len(sample[key]) for key in sorted(keys)}}


expected = {name: list(samples(name)) for name in ("gnu", "pax", "ustar")}
expected["parquet"] = {
    "pixels": [numpy.asarray(Image.open(io.BytesIO(data)))[0, 0].tolist() for data in pictures],
    **{key: rows[key] for key in ("caption", "label", "score", "box")},
}
(folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
for path in sorted(folder.iterdir()):
    print(path.name, path.stat().st_size)
