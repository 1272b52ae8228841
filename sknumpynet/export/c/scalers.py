"""Scikit-learn's scalers as C code."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from sknumpynet.export.c.literals import array, number

__all__ = ["SCALERS", "scaler_code"]

# A function in `functions.c` and a number for each column, or two bounds for all of them.
Operation = tuple[str, Any]


def _standard(scaler: StandardScaler) -> Iterator[Operation]:
    if scaler.with_mean:
        yield "subtract", scaler.mean_
    if scaler.with_std:
        yield "divide", scaler.scale_


def _robust(scaler: RobustScaler) -> Iterator[Operation]:
    if scaler.with_centering:
        yield "subtract", scaler.center_
    if scaler.with_scaling:
        yield "divide", scaler.scale_


def _min_max(scaler: MinMaxScaler) -> Iterator[Operation]:
    yield "multiply", scaler.scale_
    yield "add", scaler.min_
    if scaler.clip:
        yield "clip", scaler.feature_range


def _max_abs(scaler: MaxAbsScaler) -> Iterator[Operation]:
    yield "divide", scaler.scale_
    if getattr(scaler, "clip", False):  # from scikit-learn 1.8 on
        yield "clip", (-1.0, 1.0)


SCALERS: dict[type[Any], Callable[[Any], Iterator[Operation]]] = {
    StandardScaler: _standard,
    RobustScaler: _robust,
    MinMaxScaler: _min_max,
    MaxAbsScaler: _max_abs,
}


def scaler_code(scaler: Any, name: str) -> tuple[list[str], list[str]]:
    """Return tables and statements that scale the inputs.

    Parameters
    ----------
    scaler : estimator
        Of a type in ``SCALERS``.
    name : str
        What tables are called after.

    Examples
    --------
    >>> scaler = MinMaxScaler(clip=True).fit([[0.0], [2.0]])
    >>> scaler_code(scaler, "step_0")[1]
    ['multiply(inputs, step_0_multiply, 1);', 'add(inputs, step_0_add, 1);', \
'clip(inputs, 0.0, 1.0, 1);']
    """
    tables, statements = [], []
    for function, values in SCALERS[type(scaler)](scaler):
        n = scaler.n_features_in_
        if function == "clip":
            lowest, highest = map(number, values)
            statements.append(f"clip(inputs, {lowest}, {highest}, {n});")
        else:
            tables.append(array("double", f"{name}_{function}", np.asarray(values, float)))
            statements.append(f"{function}(inputs, {name}_{function}, {n});")
    return tables, statements
