"""Dropout: which hidden units of which samples are left out of a step."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sknumpynet.core.network import Propagation
from sknumpynet.core.types import BoolArray, IntArray

__all__ = ["Dropout", "seeded_dropout"]

# Units are dropped by comparing 16 random bits; the generator makes those of four at once. Rates
# are rounded to multiples of 1.5e-5, and what is kept is scaled by the rounded rate.
RESOLUTION = 2**16
UNITS_PER_DRAW = 4


class Dropout:
    """Draws the masks of inverted dropout, each member from a generator of its own.

    A unit is dropped with the layer's rate; those that are kept are multiplied by 1 / (1 - rate),
    so that prediction needs no scaling.

    Parameters
    ----------
    rates : sequence of (sequence of float), one for each member
        The rate of each hidden layer, in [0, 1).
    seeds : sequence of (sequence of int), one for each member

    Attributes
    ----------
    strengths : list of float
        Of each member a factor on its rates, which may change from step to step.

    References
    ----------
    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR
    15, 2014; inverted as in section 10.

    Examples
    --------
    >>> Dropout([(0.0, 0.5)], [(0,)]).layers
    [False, True]
    """

    def __init__(self, rates: Sequence[Sequence[float]], seeds: Sequence[Sequence[int]]) -> None:
        self.rates = [tuple(own) for own in rates]
        self.strengths = [1.0] * len(self.rates)
        self.generators = [np.random.SFC64(list(seed)) for seed in seeds]

    @property
    def layers(self) -> list[bool]:
        """For each hidden layer whether any member drops units of it."""
        return [any(own) for own in zip(*self.rates, strict=True)]

    def take(self, members: Sequence[int]) -> "Dropout":
        """Return the dropout of some members, whose generators go on where they are."""
        some = Dropout([], [])
        some.rates = [self.rates[k] for k in members]
        some.strengths = [self.strengths[k] for k in members]
        some.generators = [self.generators[k] for k in members]
        return some

    def draw(
        self, propagation: Propagation, counts: int | IntArray, taken: BoolArray | None = None
    ) -> None:
        """Draw the masks of a step into the hidden layers of a propagation.

        Parameters
        ----------
        propagation : Propagation
        counts : int or ndarray of int of shape (K,)
            How many samples of the batch are a member's own; the masks of padding stay as they
            are.
        taken : ndarray of bool of shape () or (K,), optional
            False for members that take no step, and draw nothing.
        """
        for k, (generator, rates, strength) in enumerate(
            zip(self.generators, self.rates, self.strengths, strict=True)
        ):
            if taken is not None and not taken.reshape(-1)[k]:
                continue
            count = counts if isinstance(counts, int) else int(counts[k])
            for layer, rate in zip(propagation.hidden_layers, rates, strict=True):
                if layer.kept is None or rate == 0:
                    continue
                threshold = min(round(rate * strength * RESOLUTION), RESOLUTION - 1)
                kept = layer.kept if layer.kept.ndim == 2 else layer.kept[k]
                shape = (kept.shape[0], count)
                mask = _random_bits(generator, shape) >= threshold
                factor = kept.dtype.type(RESOLUTION / (RESOLUTION - threshold))
                np.multiply(mask, factor, out=kept[:, :count])


def _random_bits(generator: np.random.SFC64, shape: tuple[int, int]) -> npt.NDArray[np.uint16]:
    """Return 16 random bits for each unit of each sample."""
    size = math.prod(shape)
    # Half the time of `Generator.bytes`.
    drawn = generator.random_raw(-(-size // UNITS_PER_DRAW))
    return np.asarray(drawn).view(np.uint16)[:size].reshape(shape)


def seeded_dropout(
    rates: Sequence[Sequence[float]],
    sources: Sequence[np.random.RandomState],
    n_updates: int | IntArray,
    *,
    n_hidden: int,
) -> Dropout | None:
    """Return the dropout of a training run, None if no member drops units.

    Parameters
    ----------
    rates : sequence of (sequence of float), one for each member
        Empty for those without.
    sources : sequence of RandomState, one for each member
        Each is drawn from once for a seed, unless no member of it drops units.
    n_updates : int or ndarray of shape (K, 1)
        Steps taken already: a run that goes on must not begin with the same masks again.
    n_hidden : int
        Hidden layers.
    """
    if not any(any(own) for own in rates):
        return None
    seeds: dict[int, int] = {}
    for source, own in zip(sources, rates, strict=True):
        # Who drops nothing draws nothing, as if trained alone.
        if any(own) and id(source) not in seeds:
            seeds[id(source)] = source.randint(np.iinfo(np.int32).max)
    updates = np.broadcast_to(n_updates, (len(rates), 1))[:, 0].tolist()
    return Dropout(
        [own or (0.0,) * n_hidden for own in rates],
        [(seeds.get(id(source), 0), done) for source, done in zip(sources, updates, strict=True)],
    )
