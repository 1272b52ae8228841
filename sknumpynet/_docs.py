"""The parts of the docstrings that both estimators share."""

from typing import TypeVar

__all__ = ["with_shared_parameters"]

T = TypeVar("T")

SHARED_PARAMETERS = """\
hidden_layer_sizes : int or array-like of int, default=(100,)
    Units of each hidden layer; ``()`` is a linear model.
activation : {'identity', 'logistic', 'tanh', 'relu'}, default='relu'
    Activation of the hidden layers.
solver : {'lbfgs', 'sgd', 'adam'}, default='adam'
    'sgd' is gradient descent with momentum, 'adam' the method of Kingma and Ba, 'lbfgs' a
    quasi-Newton method over all of the data, good for small data sets.
alpha : float, default=0.0001
    Strength of the L2 penalty on the weights. It is divided by the samples of a batch.
batch_size : int or 'auto', default='auto'
    Samples in a step; 'auto' is ``min(200, n_samples)``. Not used by 'lbfgs'.
learning_rate : {'constant', 'invscaling', 'adaptive'}, default='constant'
    Schedule of 'sgd'. 'invscaling' divides by ``pow(t, power_t)``; 'adaptive' divides by 5
    whenever ``n_iter_no_change`` epochs in a row have not improved by ``tol``.
learning_rate_init : float, default=0.001
    Initial learning rate of 'sgd' and 'adam'.
power_t : float, default=0.5
    Exponent of 'invscaling'.
max_iter : int, default=200
    Most epochs of 'sgd' and 'adam', most iterations of 'lbfgs'.
shuffle : bool, default=True
    Whether 'sgd' and 'adam' shuffle the samples before each epoch.
random_state : int, RandomState instance or None, default=None
    Source of the initial weights, of the split of early stopping and of the shuffles.
tol : float, default=1e-4
    An epoch has to be better by this much to count as an improvement.
verbose : bool or int, default=False
    Whether to print progress.
warm_start : bool, default=False
    Whether `fit` goes on from the fitted weights instead of starting again.
momentum : float, default=0.9
    Momentum of 'sgd', in [0, 1].
nesterovs_momentum : bool, default=True
    Whether 'sgd' uses Nesterov's momentum.
early_stopping : bool, default=False
    Whether to set a part of the data aside, stop when the score on it no longer improves, and
    keep the weights of the best epoch. For 'sgd' and 'adam'.
validation_fraction : float, default=0.1
    The part set aside.
beta_1 : float, default=0.9
    Decay of the first moment in 'adam', in [0, 1).
beta_2 : float, default=0.999
    Decay of the second moment in 'adam', in [0, 1).
epsilon : float, default=1e-8
    Added to the root of the second moment in 'adam'.
n_iter_no_change : int, default=10
    Epochs without improvement that are put up with.
max_fun : int, default=15000
    Most evaluations of the loss by 'lbfgs'.
n_members : int, default=1
    Networks that are trained at once, each from a seed of its own; predictions are their mean.
    An ensemble trains on the workers of ``joblib.parallel_config``; with 'lbfgs' or sparse rows
    one network after another.
resample : {'bootstrap', 'folds'}, splitter or None, default=None
    What each member sees: None all rows; 'bootstrap' a bootstrap sample, as weights; 'folds', or
    a splitter that makes ``n_members`` splits, the training rows of one split. The rows that a
    split holds out judge its member in ``early_stopping`` and give ``oof_prediction_``. 'folds'
    shuffles, and stratifies by class. Not with `partial_fit`, nor to go on with ``warm_start``."""

SHARED_ATTRIBUTES = """\
loss_ : float
    Loss of the last epoch.
best_loss_ : float or None
    Smallest loss of any epoch; None with ``early_stopping``.
loss_curve_ : list of float
    Loss of each epoch.
validation_scores_ : list of float or None
    Accuracy or R² on the rows set aside, for each epoch of ``early_stopping``.
best_validation_score_ : float or None
    The best of them.
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
    Accuracy or R² of ``oof_prediction_``, over the rows that have one. Optimistic with
    ``early_stopping``, which chooses the epoch by the same rows.

Notes
-----
With ``n_members`` above 1, ``coefs_`` and ``intercepts_`` have a leading member axis; ``loss_``,
``best_loss_``, ``best_validation_score_``, ``t_`` and ``n_iter_`` are arrays with an entry for each
member, ``loss_curve_`` and ``validation_scores_`` lists with a list for each."""


def with_shared_parameters(cls: type[T]) -> type[T]:
    """Fill the placeholders in a class's docstring."""
    if cls.__doc__ is None:  # python -OO
        return cls
    indent = " " * 4
    cls.__doc__ = cls.__doc__.format(
        shared_parameters=SHARED_PARAMETERS.replace("\n", "\n" + indent),
        shared_attributes=SHARED_ATTRIBUTES.replace("\n", "\n" + indent),
    )
    return cls
