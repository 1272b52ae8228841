"""What networks are made of, a layer a file; `base` says what a layer is."""

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.layers.base import (
    BoundLayer,
    ColumnLayer,
    Context,
    Layer,
    Scratch,
    with_ones,
)
from sknumpynet.core.layers.categorical import CategoryEmbedding
from sknumpynet.core.layers.concatenate import Concatenate
from sknumpynet.core.layers.dense import BoundDense, Dense
from sknumpynet.core.layers.identity import Identity
from sknumpynet.core.layers.level_table import LevelTable
from sknumpynet.core.layers.mixture import MixtureEmbedding
from sknumpynet.core.layers.monotone_dense import MonotoneDense
from sknumpynet.core.layers.monotone_piecewise import MonotonePiecewiseEmbedding
from sknumpynet.core.layers.outer_product import OuterProduct
from sknumpynet.core.layers.periodic import PeriodicEmbedding, Wave
from sknumpynet.core.layers.piecewise import PiecewiseLinearEmbedding
from sknumpynet.core.layers.positive_scale import PositiveScale
from sknumpynet.core.layers.scale import Scale
from sknumpynet.core.layers.selection import ColumnKind, ColumnSelection
from sknumpynet.core.layers.sparse_dense import BoundSparseDense

__all__ = [
    "LAYERS",
    "BoundDense",
    "BoundLayer",
    "BoundSparseDense",
    "CategoryEmbedding",
    "ColumnKind",
    "ColumnLayer",
    "ColumnSelection",
    "Concatenate",
    "Context",
    "Dense",
    "Identity",
    "Layer",
    "LevelTable",
    "MixtureEmbedding",
    "MonotoneDense",
    "MonotonePiecewiseEmbedding",
    "OuterProduct",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "PositiveScale",
    "Scale",
    "Scratch",
    "Wave",
    "with_ones",
]

# A small one of each kind: the tests run through this table.
LAYERS: dict[str, Layer] = {
    "dense": Dense(3, 2, ACTIVATIONS["tanh"]),
    "monotone dense": MonotoneDense(
        3, 4, ACTIVATIONS["smelu"], directions_in=(1, -1, 0), directions_out=(0, 0, 1, -1)
    ),
    "periodic": PeriodicEmbedding(3, n_frequencies=5, n_mixtures=2, sigmas=(0.5, 0.5)),
    "cosines": PeriodicEmbedding(3, n_frequencies=5, n_mixtures=2, wave="cosine"),
    "piecewise": PiecewiseLinearEmbedding(3, n_pieces=5, n_mixtures=2),
    "monotone piecewise": MonotonePiecewiseEmbedding(
        3, n_pieces=5, n_mixtures=2, is_monotone=(True, False, True)
    ),
    "category": CategoryEmbedding((7, 4), 2),
    "identity": Identity(3),
    "scale": Scale(3),
    "positive scale": PositiveScale(3),
    "selection": ColumnSelection((ColumnKind(2, 1, width=2), ColumnKind(3, 2))),
    "level table": LevelTable(n_passed_on=1, n_codes=(5, 4), width=2),
    "concatenate": Concatenate((Scale(2), CategoryEmbedding((5,), 3), Identity(1))),
}
