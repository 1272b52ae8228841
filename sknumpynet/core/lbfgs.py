"""Full-batch training by SciPy's L-BFGS-B."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import scipy.optimize

from sknumpynet.core.backpropagation import Backpropagation, penalty_factors
from sknumpynet.core.batching import Batches, Dataset
from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network, Propagation
from sknumpynet.core.types import FloatArray, Scalar

__all__ = ["DEFAULT_OPTIONS", "Objective", "minimize_lbfgs"]

# Unless told otherwise; named as SciPy names them.
DEFAULT_OPTIONS = {"maxiter": 200, "maxfun": 15000, "gtol": 1e-4}

# Rows go through the network in blocks whose widest activations take about this many bytes.
BLOCK_BYTES = 2**18


class Objective:
    """Mean loss over a dataset plus the L2 penalty, with its gradient.

    The loss is the one that belongs to the gradient (`Loss.value`), or the line search is misled.

    Parameters
    ----------
    network : Network
    loss : Loss
    dataset : Dataset
    alpha : float or ndarray of shape (K, 1)
        Strength of the L2 penalty on the weights.
    members : tuple of int
        () for parameters of shape (P,), (K,) for a stack.
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        dataset: Dataset,
        alpha: Scalar = 0.0,
        members: tuple[int, ...] = (),
    ) -> None:
        self.loss = loss
        self.penalty = penalty_factors(network, alpha)
        self.parameters = np.empty((*members, network.layout.size))
        self.gradient = np.empty_like(self.parameters)
        self.rows = dataset.used_rows
        widest = max(layer.fan_out for layer in network.dense_layers) * self.parameters.itemsize
        block = min(max(BLOCK_BYTES // widest, 64), dataset.n_samples)
        self.batches = Batches(
            dataset,
            block,
            members,
            own_rows=self.rows.ndim == 2,
            n_outputs=network.fan_out,
        )
        propagation = partial(
            Propagation,
            network,
            self.parameters,
            self.gradient,
            sparse_inputs=dataset.is_sparse,
        )
        self.backpropagation = cache(
            lambda n_samples: Backpropagation(loss, propagation(n_samples))
        )

    def __call__(self, parameters: FloatArray) -> tuple[Any, FloatArray]:
        """Return the value, shape (...), and the gradient, shape (..., P)."""
        self.parameters[...] = parameters
        penalised = self.penalty * self.parameters
        value = 0.5 * np.vecdot(self.parameters, penalised)
        gradient, total = penalised, 0.0
        for group in self.batches.epoch(self.rows):
            for batch in group.batches:
                self.backpropagation(batch.n_samples).run(batch)
                values = self.loss.value(batch.raw, batch.targets)
                if batch.weights is None:
                    total = total + batch.n_samples
                else:
                    values *= batch.weights[..., 0, :]
                    total = total + batch.weights.sum(axis=(-2, -1))
                value = value + values.sum(axis=-1)
                gradient += self.gradient
        return value / total, gradient / np.asarray(total)[..., np.newaxis]


def minimize_lbfgs(
    objective: Objective,
    parameters: FloatArray,
    *,
    options: dict[str, Any] | None = None,
    on_iteration: Callable[[FloatArray, float], bool] | None = None,
    on_interrupt: Callable[[], None] | None = None,
) -> scipy.optimize.OptimizeResult:
    """Train one network until the largest entry of its projected gradient is at most ``gtol``.

    Parameters
    ----------
    objective : Objective
        Of one network.
    parameters : ndarray of shape (P,)
        Where to start; left as it is.
    options : dict, optional
        For ``scipy.optimize.minimize``, beside or in place of ``DEFAULT_OPTIONS``.
    on_iteration : callable(parameters, loss), optional
        Called after every iteration, whose parameters are its to keep; True ends the minimisation.
    on_interrupt : callable(), optional
        Called on Ctrl-C, which then ends the minimisation at the last iterate, if there is one.

    Returns
    -------
    scipy.optimize.OptimizeResult
        ``x`` has the parameters in float64.

    References
    ----------
    Byrd, Lu, Nocedal and Zhu, "A Limited Memory Algorithm for Bound Constrained Optimization",
    SIAM Journal on Scientific Computing 16, 1995.
    """
    start = parameters.astype(np.float64)
    last = scipy.optimize.OptimizeResult(x=start, nit=0, status=0)

    def remember(intermediate_result: scipy.optimize.OptimizeResult) -> None:
        last.x, last.fun = intermediate_result.x.copy(), intermediate_result.fun
        last.nit += 1
        if on_iteration is not None and on_iteration(last.x, float(last.fun)):
            raise StopIteration

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        try:
            return scipy.optimize.minimize(
                objective,
                start,
                method="L-BFGS-B",
                jac=True,
                callback=remember,
                options={**DEFAULT_OPTIONS, **(options or {})},
            )
        except KeyboardInterrupt:
            if on_interrupt is None or last.nit == 0:
                raise
            on_interrupt()
            return last
