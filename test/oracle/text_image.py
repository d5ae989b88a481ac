# /// script
# requires-python = ">=3.10"
# dependencies = ["clip-benchmark==1.6.2", "torch==2.9.1", "scikit-learn", "numpy"]
# ///
"""CLIP_benchmark's own functions on made-up vectors, and the scores of MMVP-VLM and Winoground as their published
scripts compute them, in NumPy: writes fixtures/text_image.json."""

import json
import sys
import types
from pathlib import Path

import numpy as np
import torch

sys.modules.setdefault("tqdm", types.SimpleNamespace(tqdm=lambda x: x))
from clip_benchmark.metrics.zeroshot_classification import zero_shot_classifier
from clip_benchmark.metrics.zeroshot_retrieval import evaluate

random = np.random.default_rng(11)
round3 = lambda x: np.asarray(x, dtype=np.float64).round(3).astype(np.float32)
as_list = lambda x: np.asarray(x, dtype=np.float64).round(3).tolist()

# Retrieval: 12 pictures with 1 to 4 captions each.
d = 5
images = round3(random.normal(size=(12, d)))
owners = [i for i in range(12) for _ in range(1 + i % 4)]
texts = round3(images[owners] + 1.2 * random.normal(size=(len(owners), d)))


class Lookup:
    """A model whose inputs are numbers of vectors."""

    def encode_image(self, x):
        return torch.from_numpy(images)[x.long()]

    def encode_text(self, x):
        return torch.from_numpy(texts)[x.long()]


captions = [[t for t, o in enumerate(owners) if o == i] for i in range(12)]
loader = [(torch.arange(12), captions)]
recall = {
    str(k): evaluate(Lookup(), loader, lambda t: torch.tensor(t), "cpu", amp=False, recall_k_list=[k]) for k in (1, 3, 5)
}

# Zero-shot: 4 classes of 3 prompts.
classes, templates = 4, 3
prompts = round3(random.normal(size=(classes * templates, d)) * random.uniform(0.2, 3, size=(classes * templates, 1)))


class Prompts:
    def encode_text(self, x):
        return torch.from_numpy(prompts)[x.long()]


weights = zero_shot_classifier(
    Prompts(), lambda texts: torch.tensor([int(t) for t in texts]), list(range(classes)),
    {c: [str(c * templates + k) for k in range(templates)] for c in range(classes)}, "cpu", amp=False,
)
labels = np.array([0] * 10 + [1] * 5 + [2] * 12 + [3] * 3)
pictures = round3(weights.T.numpy()[labels] + 0.5 * random.normal(size=(len(labels), d)))
unit = torch.nn.functional.normalize(torch.from_numpy(pictures), dim=-1)
logits = 100.0 * unit @ weights
acc1 = (logits.argmax(1).numpy() == labels).mean()
from sklearn.metrics import balanced_accuracy_score

per_class = balanced_accuracy_score(labels, logits.argmax(1).numpy())

# MMVP-VLM, the published script: 40 pairs, 15 a pattern in the order of the file.
pair_images = round3(random.normal(size=(80, d)))
pair_texts = round3(0.8 * pair_images + random.normal(size=(80, d)))
normal = lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)
I, T = normal(pair_images.astype(np.float64)), normal(pair_texts.astype(np.float64))
right = []
for p in range(40):
    both = I[2 * p : 2 * p + 2]
    per_text = 100 * T[2 * p : 2 * p + 2] @ both.T
    probability = np.exp(per_text) / np.exp(per_text).sum(1, keepdims=True)
    said = ["img1" if row[0] > 0.5 else "img2" for row in probability]
    right.append(int(said == ["img1", "img2"]))
mmvp = {
    "accuracy": float(np.mean(right)),
    "orientation": float(np.mean(right[:15])),
    "presence": float(np.mean(right[15:30])),
    "state": float(np.mean(right[30:])),
}

# Winoground's functions on the same pairs.
S = lambda c, i: float(T[c] @ I[i])
wino = []
for p in range(40):
    a, b = 2 * p, 2 * p + 1
    text = S(a, a) > S(b, a) and S(b, b) > S(a, b)
    image = S(a, a) > S(a, b) and S(b, b) > S(b, a)
    wino.append([text, image, text and image])

result = {
    "retrieval": {"images": as_list(images), "texts": as_list(texts), "owners": owners, "recall": recall},
    "zero_shot": {
        "prompts": as_list(prompts), "pictures": as_list(pictures), "labels": labels.tolist(),
        "templates": templates, "accuracy": float(acc1), "class_accuracy": float(per_class),
    },
    "pairs": {
        "images": as_list(pair_images), "texts": as_list(pair_texts), "mmvp": mmvp,
        "winoground": dict(zip(("text_score", "image_score", "group_score"), np.mean(wino, axis=0).tolist())),
    },
}
path = Path(__file__).parent / "fixtures" / "text_image.json"
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
print(recall, acc1, per_class, mmvp, result["pairs"]["winoground"])
