"""The parts of the docstrings that estimators share."""

import inspect
from typing import TypeVar

from sknumpynet.estimators.parameters import (
    PERCEPTRON_PARAMETERS,
    TABULAR_PARAMETERS,
    Parameter,
    entries_of,
)

__all__ = ["with_shared_parameters", "with_shared_tabular_parameters"]

T = TypeVar("T")

SHARED_ATTRIBUTES = """\
loss_ : float
    Loss of the last epoch.
best_loss_ : float or None
    Smallest loss of any epoch; None with ``early_stopping``.
loss_curve_ : list of float
    Loss of each epoch.
validation_scores_ : list of float or None
    Score on the validation data after each epoch, see ``scoring``; None where there are none.
validation_loss_curve_ : list of float or None
    Loss on them, without penalty, label smoothing and dropout.
best_validation_score_ : float or None
    The best score.
history_ : dict of list
    A row for each epoch, or iteration of 'lbfgs': ``epoch``, ``loss``, ``validation_loss``,
    ``validation_score``, ``learning_rate`` (of the last step) and ``seconds``, NaN where there is
    none; for an ensemble also ``member``. ``pandas.DataFrame(history_)`` makes a table of it.
    Grows with `partial_fit` and ``warm_start``, to the last 10 000 epochs.
t_ : int
    Samples trained on, counted as often as they were.
coefs_ : list of ndarray of shape (fan_in, fan_out)
    Weights of each layer.
intercepts_ : list of ndarray of shape (fan_out,)
    Biases of each layer.
n_features_in_ : int
    Features seen in `fit`.
feature_names_in_ : ndarray of shape (n_features_in_,)
    Their names, where X has names that are all strings.
n_iter_ : int
    Epochs of the last `fit`, or iterations of 'lbfgs'.
n_layers_ : int
    Layers, counting the data as one.
n_outputs_ : int
    Outputs of the network.
out_activation_ : str
    Activation of the outputs.
member_seeds_ : ndarray of int of shape (n_members,)
    Seeds of the members, if there are several. A single network fitted with
    ``random_state=member_seeds_[k]`` on what member k saw is member k.
oof_prediction_ : ndarray of shape (n_samples,), (n_samples, n_outputs) or (n_samples, n_classes)
    What the members that never saw a row predict for it, values or probabilities, NaN where all
    have seen it. Only where ``resample`` holds rows out.
oof_score_ : float
    Accuracy, R² or, of several quantiles, minus the mean pinball loss of ``oof_prediction_``, over
    the rows that have one. Optimistic with
    ``early_stopping``, which chooses the epoch by the same rows.

Notes
-----
With ``n_members`` above 1, ``coefs_`` and ``intercepts_`` have a leading member axis; ``loss_``,
``best_loss_``, ``best_validation_score_``, ``t_`` and ``n_iter_`` are arrays with an entry for each
member, ``loss_curve_``, ``validation_scores_`` and ``validation_loss_curve_`` lists with a list for
each.

scikit-learn's callbacks (from its version 1.9 on) follow a fit through ``set_callbacks``; one that
returns True at an epoch's end stops training."""


SHARED_TABULAR_ATTRIBUTES = """\
preprocessor_ : TabularPreprocessor
    What turns the columns into the network's inputs.
background_ : ndarray of shape (n_background, n_inputs)
    Rows of X as networks take them, which `explain` compares others with. Not there with
    ``n_background=0``.
parameters_ : ndarray of shape (n_members, n_parameters)
    A row for each network, with zeros at its end where networks of the other kind are larger.
member_columns_ : ndarray of bool of shape (n_members, n_features)
    Which columns each member sees: all, but for those that tell nothing, unless there are more
    than 500 numbers, of which four flags or levels count as one. Then half of a member's are those
    that say most of the targets on the rows that it trains on, and half are dealt to members in
    turn from all of them; codes are seen by all.
history_ : dict of list
    A row for each member and epoch: ``member`` (if there are several), ``epoch``, ``loss``,
    ``validation_loss``, ``validation_score``, ``learning_rate`` (of the last step) and
    ``seconds``. A regressor's losses are of targets in the units they are learned in.
loss_, best_validation_score_, t_, n_iter_ : ndarray of shape (n_members,)
    Last loss, best score, samples trained on, epochs of each member; a number for a single one.
loss_curve_, validation_scores_, validation_loss_curve_ : list of list of float
    A list for each member; for a single one its list.
oof_prediction_ : ndarray of shape (n_samples,), (n_samples, n_outputs) or (n_samples, n_classes)
    What the members that never saw a row predict for it, values or probabilities, NaN where all
    have seen it and where its weight is 0. Only where ``resample`` holds rows out.
oof_score_ : float
    Accuracy, R² or, of several quantiles, minus the mean pinball loss of ``oof_prediction_``, over
    the rows that have one, with the weights of rows and classes. Slightly optimistic, as each
    member chose its epoch by the same rows; without ``temperature_``.
distillation_ : dict
    What a network made by `distil` gives away: mean losses of the same rows. Only there.
member_seeds_ : ndarray of int of shape (n_members,)
    Seeds of the members, if there are several.
n_features_in_ : int
    Columns seen in `fit`.
feature_names_in_ : ndarray of shape (n_features_in_,)
    Their names, where all are strings.
n_outputs_ : int
    Outputs of the network.
out_activation_ : str
    Activation of the outputs."""


def with_shared_parameters(cls: type[T]) -> type[T]:
    """Fill the placeholders in a multilayer perceptron's docstring."""
    return _filled(cls, PERCEPTRON_PARAMETERS, SHARED_ATTRIBUTES)


def with_shared_tabular_parameters(cls: type[T]) -> type[T]:
    """Fill the placeholders in the docstring of an estimator for tables."""
    return _filled(cls, TABULAR_PARAMETERS, SHARED_TABULAR_ATTRIBUTES)


def _filled(cls: type[T], parameters: dict[str, Parameter], attributes: str) -> type[T]:
    if cls.__doc__ is None:  # python -OO
        return cls
    entries = entries_of(parameters, inspect.signature(cls).parameters)
    indent = " " * 4
    cls.__doc__ = cls.__doc__.format(
        shared_parameters=entries.replace("\n", "\n" + indent),
        shared_attributes=attributes.replace("\n", "\n" + indent),
    )
    return cls
