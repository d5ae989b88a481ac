# /// script
# requires-python = ">=3.10"
# dependencies = ["faiss-cpu==1.15.1", "scikit-learn==1.9.1", "scipy", "numpy"]
# ///
"""Spherical k-means by faiss as TAC calls it, 40 seeds, on all rows and on 8 rows a cluster, with the agreement of its
clusters with classes by scipy and scikit-learn: writes fixtures/kmeans.json."""

import json
import pathlib

import faiss
import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

random = np.random.default_rng(5)
k, n, d = 5, 600, 6
centres = random.normal(size=(k, d))
labels = np.arange(n) % k
features = (centres[labels] + 0.9 * random.normal(size=(n, d))).round(2).astype("float32")
unit = features / np.linalg.norm(features, axis=1, keepdims=True)


def measure(seed, most):
    kmeans = faiss.Kmeans(d, k, spherical=True, niter=300, nredo=20, seed=seed, max_points_per_centroid=most)
    kmeans.train(unit)
    cosine, assigned = kmeans.index.search(unit, 1)
    assigned = assigned[:, 0]
    table = np.zeros((k, k))
    np.add.at(table, (labels, assigned), 1)
    rows, columns = linear_sum_assignment(-table)
    return {
        "similarity": float(cosine.sum()),
        "nmi": normalized_mutual_info_score(labels, assigned),
        "acc": table[rows, columns].sum() / n,
        "ari": adjusted_rand_score(labels, assigned),
    }


def over(most):
    runs = [measure(1234 + seed, most) for seed in range(40)]
    return {
        name: {"mean": float(np.mean([r[name] for r in runs])), "std": float(np.std([r[name] for r in runs], ddof=1))}
        for name in runs[0]
    }


result = {
    "features": features.astype(float).round(2).tolist(),
    "labels": labels.tolist(),
    "all": over(256),
    "few": over(40 // k),
}
path = pathlib.Path(__file__).parent / "fixtures" / "kmeans.json"
path.write_text(json.dumps(result))
print({name: result[name] for name in ("all", "few")})
