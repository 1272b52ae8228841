"""Export a predictor, and run it with NumPy alone: ``python -I .ci/exported.py write <folder>``.

Then ``python -I .ci/exported.py check <folder>`` elsewhere, with the same NumPy.
"""

import importlib.util
import os
import sys
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the same bits on both sides

import numpy as np

rng = np.random.default_rng(0)
table = {
    "age": rng.integers(1, 80, 300).tolist(),
    "weight": [f"{x:,.1f}" if x > 50 else None for x in rng.normal(70, 15, 300)],
    "city": [f"city {k}" for k in rng.integers(0, 30, 300)],
    "day": [f"{d}.{m}.2020" for d, m in rng.integers(1, 13, (300, 2))],
    "note": [" ".join(rng.choice(["old", "new", "red", "dry"], 5)) for _ in range(300)],
}


def write(folder: Path) -> None:
    """Export a predictor, and keep what the model predicts."""
    from sknumpynet import TabularMLPClassifier
    from sknumpynet.export import to_python

    rows = np.empty((300, len(table)), object)
    for k, cells in enumerate(table.values()):
        rows[:, k] = cells
    kinds = {1: "number", 2: "category", 3: "dayfirst", 4: "text"}
    model = TabularMLPClassifier("fast", column_kinds=kinds, random_state=0, max_iter=3)
    model.fit(rows, np.array(table["age"]) > 40)
    folder.mkdir()
    to_python(model, folder / "exported.py")
    np.save(folder / "expected.npy", model.predict_proba(rows))


def check(folder: Path) -> None:
    """Predict the same, where there is nothing else."""
    for name in ("scipy", "sklearn", "sknumpynet"):
        assert importlib.util.find_spec(name) is None, f"{name} is there"
    spec = importlib.util.spec_from_file_location("exported", folder / "exported.py")
    exported = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(exported)
    rows = dict(zip(exported.COLUMNS, table.values(), strict=True))
    assert np.array_equal(exported.predict_proba(rows), np.load(folder / "expected.npy"))
    print(f"exported.py with NumPy {np.__version__}: the same to the bit")


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](Path(sys.argv[2]))
