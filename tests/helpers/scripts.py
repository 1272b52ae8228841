"""What could leak out of threads is tried in a process of its own: a test file as a script."""

import json
import os
import subprocess
import sys
from pathlib import Path

from sklearn.datasets import make_moons

X, Y = make_moons(60, noise=0.2, random_state=0)
TABULAR = {"preset": "fast", "max_iter": 2, "n_members": 3, "random_state": 0}
NUMPY = {"hidden_layer_sizes": (5,), "max_iter": 2, "random_state": 0}


def run_as_script(file):
    """Return what a test file prints as a script."""
    tests = Path(__file__).parents[1]
    root = tests.parent
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, file],
        cwd=root,
        env={**environment, "PYTHONPATH": os.pathsep.join([str(root), str(tests)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
