"""Optimisers, and the engine's fourth verb: update_parameters.

An optimiser is its settings and its state: buffers of the parameters' shape. A setting is a
number, or for a stack a column of shape (K, 1). A new optimiser is one more entry in
``OPTIMIZERS``; the tests run through that table.
"""

import copy
from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Self

import numpy as np

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "Update",
    "stack_optimizers",
    "update_parameters",
]

# Parameters updated at once: a piece, its gradient and its moments stay in the second-level cache
# through a step's dozen calls. (512, 512, 512) float64: 5.2 ms a step instead of 7.3.
PIECE_SIZE = 16384

Setting = float | np.ndarray


class Piece(NamedTuple):
    """Views of the same parameters in every buffer, and scratch of their number."""

    parameters: np.ndarray
    raw_gradient: np.ndarray
    gradient: np.ndarray
    state: tuple[np.ndarray, ...]
    scratch: np.ndarray
    penalty: np.ndarray | None
    decayed: np.ndarray | None
    rates: np.ndarray | None


def _times(setting: np.ndarray, factors: np.ndarray | None) -> np.ndarray:
    """Return a setting times each parameter's factor, if they have factors."""
    return setting if factors is None else setting * factors


class Optimizer:
    """What the optimisers share.

    Parameters
    ----------
    learning_rate : float or ndarray of shape (K, 1)

    Attributes
    ----------
    state : ndarray of shape (n_buffers, ..., P) or None
        None until the optimiser is bound to parameters.
    n_updates : int or ndarray of shape (K, 1)
        Steps taken.
    """

    n_buffers: ClassVar[int]
    settings: ClassVar[tuple[str, ...]]

    def __init__(self, learning_rate: Setting) -> None:
        self.initial_learning_rate = learning_rate
        self.learning_rate = learning_rate
        self.n_updates: int | np.ndarray = 0
        self.state: np.ndarray | None = None

    def bind(self, parameters: np.ndarray) -> None:
        """Make a state for these parameters unless there is one to go on from."""
        if self.state is None:
            self.state = np.zeros((self.n_buffers, *parameters.shape), parameters.dtype)

    def take(self, members: Sequence[int]) -> Self:
        """Return an optimiser for some members of the stack, with a copy of their state."""
        taken = copy.copy(self)
        for name in ("initial_learning_rate", "learning_rate", "n_updates", *self.settings):
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                setattr(taken, name, value[members])
        taken.state = self.state[:, members]
        return taken

    def keep(self, member: int, other: Self, position: int) -> None:
        """Take over where a member of another optimiser's stack has come to.

        Parameters
        ----------
        member : int
            Its place in this stack.
        other : Optimizer
            May be this one.
        position : int
            Its place in the other stack.
        """
        for name in ("learning_rate", "n_updates"):
            column, others = (
                np.broadcast_to(getattr(optimizer, name), (optimizer.state.shape[1], 1))
                for optimizer in (self, other)
            )
            column = column.copy()
            column[member] = others[position]
            setattr(self, name, column)
        self.state[:, member] = other.state[:, position]

    def of_member(self, member: int) -> Self:
        """Return an optimiser for one network, with a copy of that member's state."""
        single = copy.copy(self)
        for name in [name for name in vars(self) if name.startswith("_")]:
            delattr(single, name)  # made anew, without a member axis, when it is bound
        for name in ("initial_learning_rate", "learning_rate", "n_updates", *self.settings):
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                setattr(single, name, value[member, 0].item())
        single.state = self.state[:, member].copy()
        return single

    def begin_step(self, taken: int | np.ndarray) -> None:
        """Count the step and prepare what is the same for all of its pieces."""
        self.n_updates = self.n_updates + taken

    def step(self, piece: Piece) -> None:
        """Change ``piece.parameters`` and ``piece.state`` in place."""
        raise NotImplementedError


def _cast(setting: Setting, dtype: np.dtype) -> np.ndarray:
    """Return an array that does not upcast; as an operand it is quicker than a Python float."""
    return np.asarray(setting, dtype)


class SGD(Optimizer):
    """Gradient descent with momentum, plain or Nesterov's.

    Parameters
    ----------
    learning_rate, momentum : float or ndarray of shape (K, 1)
    nesterov : bool
        Look ahead along the new velocity.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning",
    ICML 2013, equations 1 to 4 in the form that keeps the looked-ahead point.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.array([1.0])
    >>> update = Update(SGD(0.1, momentum=0.0, nesterov=False), parameters)
    >>> update.gradient[:] = 2.0
    >>> penalty = update_parameters(update, scale=1.0)
    >>> parameters
    array([0.8])
    """

    n_buffers = 1
    settings = ("momentum",)

    def __init__(
        self, learning_rate: Setting, *, momentum: Setting = 0.9, nesterov: bool = True
    ) -> None:
        super().__init__(learning_rate)
        self.momentum = momentum
        self.nesterov = nesterov

    def begin_step(self, taken: int | np.ndarray) -> None:
        """Count the step; the learning rate may have changed since the last."""
        super().begin_step(taken)
        self._rate = _cast(self.learning_rate, self.state.dtype)
        self._momentum = _cast(self.momentum, self.state.dtype)

    def step(self, piece: Piece) -> None:
        """Take the piece's velocity on and move along it."""
        (velocity,), move = piece.state, piece.gradient
        np.multiply(move, _times(self._rate, piece.rates), out=move)
        np.multiply(velocity, self._momentum, out=velocity)
        np.subtract(velocity, move, out=velocity)
        if not self.nesterov:
            np.add(piece.parameters, velocity, out=piece.parameters)
            return
        np.multiply(velocity, self._momentum, out=piece.scratch)
        np.subtract(piece.scratch, move, out=move)
        np.add(piece.parameters, move, out=piece.parameters)


class Adam(Optimizer):
    """Adam, in the variant whose epsilon is not divided by the bias correction.

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon : float or ndarray of shape (K, 1)

    Notes
    -----
    The moments are kept divided by (1 - beta), which makes them plain decaying sums, and the
    factors go into the step size and epsilon: 10 NumPy calls a step instead of 14.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, the reformulation at
    the end of section 2.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.array([1.0])
    >>> update = Update(Adam(0.1), parameters)
    >>> update.gradient[:] = 5.0
    >>> penalty = update_parameters(update, scale=1.0)
    >>> parameters.round(6)
    array([0.9])
    """

    n_buffers = 2
    settings = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Setting,
        *,
        beta_1: Setting = 0.9,
        beta_2: Setting = 0.999,
        epsilon: Setting = 1e-8,
    ) -> None:
        super().__init__(learning_rate)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_updates = 0

    def bind(self, parameters: np.ndarray) -> None:
        """Make a state, and the constants in the shape and type that it needs."""
        super().bind(parameters)
        self._betas = _cast(self.beta_1, parameters.dtype), _cast(self.beta_2, parameters.dtype)
        self._moment_scale = (1.0 - self.beta_2) ** 0.5
        self._epsilon = _cast(self.epsilon / self._moment_scale, parameters.dtype)

    def begin_step(self, taken: int | np.ndarray) -> None:
        """Count the step and make its bias corrections."""
        super().begin_step(taken)
        t = self.n_updates + (self.n_updates == 0)  # 0: a member that has yet to take a step
        correction = (1.0 - self.beta_2**t) ** 0.5 / (1.0 - self.beta_1**t)
        step_size = self.learning_rate * correction * (1.0 - self.beta_1) / self._moment_scale
        self._step_size = _cast(step_size, self.state.dtype)

    def step(self, piece: Piece) -> None:
        """Take both moments on and move by their ratio."""
        (first, second), move = piece.state, piece.scratch
        np.multiply(first, self._betas[0], out=first)
        np.add(first, piece.gradient, out=first)
        np.multiply(piece.gradient, piece.gradient, out=move)
        np.multiply(second, self._betas[1], out=second)
        np.add(second, move, out=second)
        np.sqrt(second, out=move)
        np.add(move, self._epsilon, out=move)
        np.divide(first, move, out=move)
        np.multiply(move, _times(self._step_size, piece.rates), out=move)
        np.subtract(piece.parameters, move, out=piece.parameters)


class AdamW(Adam):
    """Adam with weights that decay by themselves, not through the gradient.

    Parameters
    ----------
    learning_rate, weight_decay, beta_1, beta_2, epsilon : float or ndarray of shape (K, 1)
        In a step weights shrink by ``learning_rate * weight_decay`` of their size, whatever their
        own factors on the learning rate.

    References
    ----------
    Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.array([1.0])
    >>> update = Update(AdamW(0.1, weight_decay=0.5), parameters)
    >>> penalty = update_parameters(update, scale=1.0)
    >>> parameters.round(6)
    array([0.95])
    """

    settings = (*Adam.settings, "weight_decay")

    def __init__(
        self,
        learning_rate: Setting,
        *,
        beta_1: Setting = 0.9,
        beta_2: Setting = 0.999,
        epsilon: Setting = 1e-8,
        weight_decay: Setting = 0.01,
    ) -> None:
        super().__init__(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)
        self.weight_decay = weight_decay

    def begin_step(self, taken: int | np.ndarray) -> None:
        """Count the step; make its bias corrections and the size of the decay."""
        super().begin_step(taken)
        self._shrinkage = _cast(self.learning_rate * self.weight_decay, self.state.dtype)

    def step(self, piece: Piece) -> None:
        """Let the piece's weights decay, then take Adam's step."""
        lost = _times(self._shrinkage, piece.decayed)
        kept = np.subtract(1.0, lost, dtype=lost.dtype)
        np.multiply(piece.parameters, kept, out=piece.parameters)
        super().step(piece)


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW}


def stack_optimizers(optimizers: Sequence[Optimizer]) -> Optimizer:
    """Return one optimiser for a stack of K networks, each of which had its own.

    Parameters
    ----------
    optimizers : sequence of K Optimizer
        Of one kind, all with a state or none, equal in what is no setting of a member.

    Examples
    --------
    >>> stacked = stack_optimizers([SGD(0.1, momentum=0.9), SGD(0.2, momentum=0.9)])
    >>> stacked.learning_rate.tolist(), stacked.momentum
    ([[0.1], [0.2]], 0.9)
    """
    stacked = copy.copy(optimizers[0])
    for name in ("initial_learning_rate", "learning_rate", "n_updates", *stacked.settings):
        values = [getattr(optimizer, name) for optimizer in optimizers]
        # A number for all is quicker than a column.
        if any(value != values[0] for value in values):
            setattr(stacked, name, np.array(values)[:, np.newaxis])
    if stacked.state is not None:
        stacked.state = np.stack([optimizer.state for optimizer in optimizers], axis=1)
    return stacked


class Update:
    """An optimiser bound to parameters, with the gradient buffer that feeds it.

    Parameters
    ----------
    optimizer : Optimizer
        Its state goes on from where it is.
    parameters : ndarray of shape (..., P)
        Changed in place by `update_parameters`.
    penalty : ndarray of shape (..., P), optional
        Factor of the L2 penalty of each parameter; none by default.
    decayed : ndarray of bool of shape (P,), optional
        Which parameters an optimiser with weight decay shrinks; all by default.
    rates : ndarray of shape (P,), optional
        Each parameter's factor on the learning rate; 1 by default.
    max_gradient_norm : float or ndarray of shape (K, 1)
        A member's gradient whose Euclidean norm is larger is scaled down to it. The gradient is
        that of the mean loss with its penalty.

    Attributes
    ----------
    gradient : ndarray of shape (..., P)
        Where `backward_propagation` writes.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        parameters: np.ndarray,
        penalty: np.ndarray | None = None,
        *,
        decayed: np.ndarray | None = None,
        rates: np.ndarray | None = None,
        max_gradient_norm: Setting = np.inf,
    ) -> None:
        optimizer.bind(parameters)
        self.max_gradient_norm = max_gradient_norm
        self.is_clipped = not np.all(np.isinf(max_gradient_norm))
        if decayed is not None:
            decayed = decayed.astype(parameters.dtype)
        if rates is not None:
            rates = rates.astype(parameters.dtype)
        self.optimizer = optimizer
        self.parameters = parameters
        self.gradient = np.zeros_like(parameters)
        size = parameters.shape[-1]
        shape = (2, *parameters.shape[:-1], min(size, PIECE_SIZE))
        gradient, scratch = np.empty(shape, parameters.dtype)
        self.pieces = []
        for start in range(0, size, PIECE_SIZE):
            stop = min(start + PIECE_SIZE, size)
            part = (..., slice(start, stop))
            self.pieces.append(
                Piece(
                    parameters=parameters[part],
                    raw_gradient=self.gradient[part],
                    gradient=gradient[..., : stop - start],
                    state=tuple(optimizer.state[part]),
                    scratch=scratch[..., : stop - start],
                    penalty=None if penalty is None else _constant_or_all(penalty[part]),
                    decayed=None if decayed is None else _constant_or_all(decayed[part]),
                    rates=None if rates is None else _constant_or_all(rates[part]),
                )
            )


def _constant_or_all(values: np.ndarray) -> np.ndarray:
    """Spare a pass over an array whose entries, as most pieces' penalties, are all the same."""
    first = values.reshape(-1)[:1].reshape(())
    return first if np.all(values == first) else values


def update_parameters(
    update: Update, scale: Setting, taken: np.ndarray | None = None
) -> float | np.ndarray:
    """Add the L2 penalty to the gradient, scale it, clip it, and let the optimiser take a step.

    Parameters
    ----------
    update : Update
    scale : float or ndarray of shape (K, 1)
        What turns the sums in the gradient into means: one over the batch's total weight.
    taken : ndarray of bool of shape (K,), optional
        False for the members that take no step: they stay as they are to the last bit.

    Returns
    -------
    float or ndarray of shape (K,)
        The penalty before the step, ½ Σ penalty · parameter², not scaled.
    """
    optimizer = update.optimizer
    if taken is not None and not taken.all():
        idle = ~taken
        kept = update.parameters[idle], optimizer.state[:, idle]
    optimizer.begin_step(1 if taken is None else taken[:, np.newaxis])
    penalty = 0.0
    if update.is_clipped:
        for piece in update.pieces:
            penalty = penalty + _penalise(piece, scale)
            np.copyto(piece.raw_gradient, piece.gradient)
        factor = _clipping(update)
        for piece in update.pieces:
            np.multiply(piece.raw_gradient, factor, out=piece.gradient)
            optimizer.step(piece)
    else:
        for piece in update.pieces:
            penalty = penalty + _penalise(piece, scale)
            optimizer.step(piece)
    if taken is not None and not taken.all():
        update.parameters[idle], optimizer.state[:, idle] = kept
    return 0.5 * penalty


def _penalise(piece: Piece, scale: Setting) -> float | np.ndarray:
    """Write the mean's gradient with the penalty's; return twice the penalty, not scaled."""
    if piece.penalty is None:
        np.multiply(piece.raw_gradient, scale, out=piece.gradient)
        return 0.0
    np.multiply(piece.parameters, piece.penalty, out=piece.gradient)
    penalty = np.vecdot(piece.parameters, piece.gradient)
    np.add(piece.gradient, piece.raw_gradient, out=piece.gradient)
    np.multiply(piece.gradient, scale, out=piece.gradient)
    return penalty


def _clipping(update: Update) -> np.ndarray:
    """Return the factor on each member's gradient that keeps its norm within bounds."""
    norm = np.sqrt(np.vecdot(update.gradient, update.gradient))[..., np.newaxis]
    bound = _cast(update.max_gradient_norm, norm.dtype)
    # A norm of 0 needs no factor; neither does a bound of infinity.
    return np.minimum(bound / np.maximum(norm, np.finfo(norm.dtype).tiny), 1.0)
