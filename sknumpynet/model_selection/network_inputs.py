"""What the network of a candidate is given on a split, after the steps before it."""

import math
import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import BaseEstimator

from sknumpynet.estimators.base import BaseNetwork
from sknumpynet.estimators.fitting import EncodedData, encode
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.model_selection.equality import fingerprint, setting_key
from sknumpynet.model_selection.pretrained import network_of
from sknumpynet.utils.scikit_learn import num_samples

__all__ = ["NetworkInputs", "record_inputs"]


@dataclass
class NetworkInputs:
    """What the network of a candidate is given on a split.

    Parameters
    ----------
    X, y : array-like
    params : dict
        Further arguments of ``fit``.
    steps : list of (str, transformer) or None
        The fitted steps before the network.
    n_rows : int
        Of the split.
    given : hashable
        The fingerprint of what the whole estimator is given.
    seconds : float
        Spent on fitting the steps before the network.
    encoded : dict
        Validated and encoded, by what of a network that depends on.
    """

    X: Any
    y: Any
    params: dict[str, Any]
    steps: list[tuple[str, Any]] | None
    n_rows: int
    given: Hashable
    seconds: float
    encoded: dict[Hashable, EncodedData] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """About how much memory they and their validated data take."""
        n_features = math.prod(getattr(self.X, "shape", (0, 1))[1:])
        return int(2 * 8 * num_samples(self.X) * n_features)

    def encoded_for(
        self, network: BaseNetwork, weight: Any, validation: GivenRows | None
    ) -> EncodedData:
        """Return the data as a network validates and encodes them."""
        names = network._data_parameters
        key = (type(network), *(setting_key(getattr(network, name, None)) for name in names))
        if key not in self.encoded:
            given = GivenRows(self.X, self.y, weight)
            self.encoded[key] = encode(network, given, validation)
        return self.encoded[key]


class _Recorder:
    """Stands in for the network's ``fit`` and notes what it is given."""

    def __call__(self, X: Any, y: Any = None, **params: Any) -> None:
        """Note the arguments."""
        self.X, self.y, self.params = X, y, params


def record_inputs(
    estimator: BaseEstimator, X: Any, y: Any, params: dict[str, Any]
) -> NetworkInputs:
    """Let the steps before the network be fitted, and stop there.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it, which nobody else uses.
    X, y : array-like
    params : dict
        Further arguments of ``fit``.
    """
    network = network_of(estimator)
    n_rows, given = num_samples(X), fingerprint({"X": X, "y": y, "params": params})
    start = time.perf_counter()
    if network is None or network is estimator:
        return NetworkInputs(X, y, params, None, n_rows, given, 0.0)
    recorder = _Recorder()
    network.fit = recorder
    estimator.fit(X, y, **params)
    seconds = time.perf_counter() - start
    steps = estimator.steps[:-1]
    return NetworkInputs(recorder.X, recorder.y, recorder.params, steps, n_rows, given, seconds)
