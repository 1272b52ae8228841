import numpy as np
import pytest
from threadpoolctl import threadpool_limits

# What several files share asserts too, and says as much where it fails.
pytest.register_assert_rewrite("helpers")


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Two test processes on two cores do not fight over them."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def workers_always_pay(monkeypatch):
    """Joblib's processes train what is asked for, however little it is."""
    for name in ("FEWEST_SECONDS", "START_SECONDS", "IMPORT_SECONDS"):
        monkeypatch.setattr(f"sknumpynet.training.workers.{name}", 0.0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)
