"""Replies made up by a known model, for statistics that are held against other packages."""

import numpy as np
import pandas as pd


def make_replies(n_items=150, seed=1, missing=0.15):
    """Replies of two arms to items of unequal difficulty, some of them missing, one per row."""
    random = np.random.default_rng(seed)
    rows = []
    for item in range(n_items):
        difficulty = random.normal() - 0.8 + 0.3 * (item % 3 == 0)
        for arm in ("original", "warm"):
            for context in ("none", "sad"):
                for belief in ("none", "asserts_wrong"):
                    for model in ("A", "B"):
                        if random.random() < missing:
                            continue
                        warm, sad, asserts = arm == "warm", context == "sad", belief != "none"
                        odds = difficulty + 0.4 * warm + 0.2 * sad + 0.5 * asserts
                        odds += 0.3 * warm * asserts + 0.2 * (model == "B")
                        error = float(random.random() < 1 / (1 + np.exp(-odds)))
                        rows.append((item, arm, model, f"t{item % 3}", context, belief, error))
    names = ["item", "arm", "model", "task", "context", "belief", "error"]
    return pd.DataFrame(rows, columns=names)
