# /// script
# requires-python = ">=3.11"
# dependencies = ["scipy==1.16.3", "statsmodels==0.14.5", "numpy==2.4.6"]
# ///
"""Statistics of paired differences, by scipy and statsmodels: writes fixtures/statistics.json.

The smallest detectable difference is (t(.975, n-1) + t(.80, n-1)) s / sqrt(n).
"""

import json
from pathlib import Path

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(7)
cases = []
for n in [3, 4, 5, 7, 10, 12]:
    for shift in [0.0, 0.3, -1.5]:
        d = rng.normal(shift, 1.0, n).round(6)
        t = stats.ttest_1samp(d, 0.0)
        low, high = t.confidence_interval(0.95)
        flips = stats.permutation_test(
            (d,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
        )
        se = d.std(ddof=1) / np.sqrt(n)
        cases.append(
            {
                "differences": d.tolist(),
                "mean": float(d.mean()),
                "half": float((high - low) / 2),
                "p": float(t.pvalue),
                "sign_flip": float(flips.pvalue),
                "detectable": float((stats.t.ppf(0.975, n - 1) + stats.t.ppf(0.8, n - 1)) * se),
            }
        )

families = []
for m in [1, 2, 5, 9]:
    p = rng.uniform(0, 0.2, m).round(6)
    families.append({"p": p.tolist(), "holm": multipletests(p, method="holm")[1].tolist()})
families.append({"p": [0.01, 0.01, 0.02], "holm": multipletests([0.01, 0.01, 0.02], method="holm")[1].tolist()})

out = Path(__file__).parent / "fixtures" / "statistics.json"
out.write_text(json.dumps({"cases": cases, "families": families}, indent=1) + "\n")
