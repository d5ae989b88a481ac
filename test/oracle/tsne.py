# /// script
# requires-python = ">=3.10"
# dependencies = ["scikit-learn==1.9.1", "numpy"]
# ///
"""t-SNE and principal components by scikit-learn on made-up rows: writes fixtures/tsne.json."""

import json
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.manifold._t_sne import _gradient_descent, _joint_probabilities, _kl_divergence
from scipy.spatial.distance import pdist, squareform

random = np.random.default_rng(5)
n, d, perplexity = 60, 6, 8.0
label = np.repeat([0, 1, 2], n // 3)
rows = (3 * random.normal(size=(3, d))[label] + random.normal(size=(n, d))).astype(np.float32).round(3)
start = (1e-4 * random.normal(size=(n, 2))).round(8)

similar = squareform(_joint_probabilities(squareform(pdist(rows, "sqeuclidean")), perplexity, 0))
# The descent as TSNE.fit_transform makes it, but with fewer steps: of so few rows it is chaotic.
ends = []
condensed = squareform(similar, checks=False)
for early, steps in ((8, 8), (3, 8)):
    rate = max(n / 12.0 / 4, 50)
    options = {"learning_rate": rate, "n_iter_without_progress": 1000, "n_iter_check": 1000, "min_grad_norm": 0}
    options |= {"args": None, "kwargs": {"skip_num_points": 0}, "verbose": 0}
    place, divergence, it = _gradient_descent(
        _kl_divergence,
        start.ravel().copy(),
        **{**options, "it": 0, "max_iter": early, "momentum": 0.5, "args": [condensed * 12, 1, n, 2]},
    )
    if steps > early:
        place, divergence, it = _gradient_descent(
            _kl_divergence,
            place,
            **{**options, "it": it + 1, "max_iter": steps, "momentum": 0.8, "args": [condensed, 1, n, 2]},
        )
    ends.append({"early": early, "iterations": steps, "place": place.round(9).tolist()})

# And whole, where only how good it ends from many starts can be compared.
divergences = [
    TSNE(perplexity=perplexity, init=1e-4 * random.normal(size=(n, 2)), method="exact", max_iter=1000)
    .fit(rows.astype(np.float64))
    .kl_divergence_
    for _ in range(40)
]

plane = PCA(n_components=2, svd_solver="full").fit_transform(rows.astype(np.float64))
Path(__file__).with_name("fixtures").joinpath("tsne.json").write_text(
    json.dumps(
        {
            "rows": rows.tolist(),
            "start": start.tolist(),
            "perplexity": perplexity,
            "similar": similar.round(9).tolist(),
            "ends": ends,
            "divergence": float(np.mean(divergences)),
            "plane": plane.round(6).tolist(),
        }
    )
    + "\n"
)
