"""Losses: from raw outputs to predictions, gradients and values.

Every array has its samples on the last axis and its outputs on the one before, like all
activations of the engine. `base` says what a loss is; a new one is a file and one more entry in
``LOSSES``; the tests run through that table.
"""

from sknumpynet.core.losses.base import Loss
from sknumpynet.core.losses.cross_entropy import _BinaryCrossEntropy, _CategoricalCrossEntropy
from sknumpynet.core.losses.custom import CustomLoss
from sknumpynet.core.losses.deviances import _Gamma, _Poisson
from sknumpynet.core.losses.predictions import LINKS, PREDICTIONS
from sknumpynet.core.losses.quantile import QuantileDistance, QuantileLoss
from sknumpynet.core.losses.residuals import HuberLoss, _AbsoluteError, _SquaredError

__all__ = [
    "LINKS",
    "LOSSES",
    "PREDICTIONS",
    "CustomLoss",
    "HuberLoss",
    "Loss",
    "QuantileDistance",
    "QuantileLoss",
]


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        _BinaryCrossEntropy(),
        _CategoricalCrossEntropy(),
        _SquaredError(),
        _Poisson(),
        _Gamma(),
        _AbsoluteError(),
        HuberLoss(),
        QuantileLoss(),
    )
}

# Files of models name losses by the path that users import them from.
for _loss in LOSSES.values():
    type(_loss).__module__ = __name__
