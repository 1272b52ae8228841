"""The parts of the docstrings that estimators share."""

from typing import TypeVar

__all__ = ["with_shared_parameters", "with_shared_tabular_parameters"]

T = TypeVar("T")

SHARED_PARAMETERS = """\
hidden_layer_sizes : int or array-like of int, default=(100,)
    Units of each hidden layer; ``()`` is a linear model.
activation : str, object or list of them, default='relu'
    Activation of the hidden layers, a list for one each: 'identity', 'logistic', 'tanh', 'relu',
    'leaky_relu', 'elu', 'selu', 'softplus', 'silu', 'gelu' or 'mish'. An object of one's own has
    the elementwise methods ``value(z)`` and ``derivative(z, output)`` of arrays of any shape, where
    ``output`` is ``value(z)``.
solver : {'lbfgs', 'sgd', 'adam', 'adamw'}, default='adam'
    'sgd' is gradient descent with momentum, 'adam' the method of Kingma and Ba, 'adamw' the same
    with ``weight_decay``, 'lbfgs' a quasi-Newton method over all of the data, good for small data
    sets. The others are the stochastic solvers.
alpha : float, default=0.0001
    Strength of the L2 penalty on the weights. It is divided by the samples of a batch.
batch_size : int or 'auto', default='auto'
    Samples in a step; 'auto' is ``min(200, n_samples)``. Not used by 'lbfgs'.
learning_rate : str or callable, default='constant'
    Schedule of the learning rate. For 'sgd' alone, as in scikit-learn: 'invscaling' divides by
    ``pow(t, power_t)``, 'adaptive' by 5 whenever ``n_iter_no_change`` epochs in a row have not
    improved by ``tol``. For every stochastic solver: 'plateau' does what 'adaptive' does;
    'cosine', 'linear', 'one_cycle', 'log_cosine' or a function of the progress in [0, 1] give the
    factor on ``learning_rate_init`` in every step. These are plans for ``max_iter`` epochs, which
    only a validation score cuts short, not a training loss that stalls. 'one_cycle' rises from
    1/25 over the first 30 % and falls to 1/250 000; 'log_cosine' has four periods, each twice as
    long as the one before, from 0 to 1 and back.
learning_rate_init : float, default=0.001
    Initial learning rate of the stochastic solvers; the highest of 'cosine', 'linear',
    'one_cycle' and 'log_cosine'.
power_t : float, default=0.5
    Exponent of 'invscaling'.
max_iter : int, default=200
    Most epochs of the stochastic solvers, most iterations of 'lbfgs'.
shuffle : bool, default=True
    Whether the stochastic solvers shuffle the samples before each epoch.
random_state : int, RandomState instance or None, default=None
    Source of the initial weights, of the split of early stopping, of the shuffles and of dropout.
tol : float, default=1e-4
    An epoch has to be better by this much to count as an improvement.
verbose : bool or int, default=False
    Whether to print the loss of every epoch, or iteration of 'lbfgs'.
warm_start : bool, default=False
    Whether `fit` goes on from the fitted weights instead of starting again.
momentum : float, default=0.9
    Momentum of 'sgd', in [0, 1].
nesterovs_momentum : bool, default=True
    Whether 'sgd' uses Nesterov's momentum.
early_stopping : bool, default=False
    Whether to stop when the score on validation data no longer improves, and keep the weights
    of the best epoch, also where the epochs run out first. The data are those given to `fit`, or
    else a part of the training data set aside. For the stochastic solvers.
validation_fraction : float, default=0.1
    The part set aside.
beta_1 : float, default=0.9
    Decay of the first moment in 'adam' and 'adamw', in [0, 1).
beta_2 : float, default=0.999
    Decay of the second moment in 'adam' and 'adamw', in [0, 1).
epsilon : float, default=1e-8
    Added to the root of the second moment in 'adam' and 'adamw'.
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
    shuffles, and stratifies by class. Not with `partial_fit`, nor to go on with ``warm_start``.
scoring : 'loss', str, callable or None, default=None
    What validation data are scored by: None for accuracy or R², or minus the mean pinball loss
    for several quantiles; 'loss' for minus the training loss, without the penalty; otherwise a
    scorer's name or a ``callable(estimator, X, y)``, which gets rows as they were given to `fit`,
    and ``sample_weight`` where there are weights and it takes them. Higher is better. Metrics with
    ``labels`` know all classes; where a score is not a number, or an error for want of a class,
    'loss' judges that network instead, with a warning.
max_time : float or None, default=None
    Seconds of training, after which it stops and keeps what it has, with ``early_stopping`` the
    best of it. Members of an ensemble that are trained one after another share it.
dropout : float or list of float, default=0.0
    Part of the units of each hidden layer that is left out at random in every step, in [0, 1), a
    list for one each. What is left is scaled up, so that prediction needs neither. For the
    stochastic solvers.
warmup : float, default=0.0
    Part of ``max_iter`` over which the learning rate rises from 0; the schedule takes the rest.
weight_decay : float, default=0.01
    Of 'adamw': each step takes this times the learning rate off the weights, but not off the
    biases. ``alpha`` is there as well, as a penalty.
max_grad_norm : float or None, default=None
    Longest gradient, over all of a network's parameters, that a stochastic solver takes as it is;
    longer ones are shortened to it.
weight_init : str, default='auto'
    Initial weights: 'auto' as in scikit-learn, with random biases; 'he_normal', 'he_uniform',
    'glorot_normal', 'glorot_uniform', 'lecun_normal' or 'orthogonal', with biases of 0; or
    'standard_normal' for weights and biases.
dtype : {'float32', 'float64'} or None, default=None
    What to train in, and to keep the weights in; None follows the data."""

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


SHARED_TABULAR_PARAMETERS = """\
preset : {'fast', 'default', 'best'}, default='default'
    How much time to spend; whatever is None below is as in the preset. 'fast': 5 members, 16
    epochs for classes, 32 for numbers. 'default': 16 members and 32 epochs for classes, 10 and 64
    for numbers. 'best': 40 and 32, 20 and 128, of two layers of 128 units instead of 64. Batches
    have 64 samples up to 1,000 rows, 128 up to 8,000, then 256; beyond 10,000 rows epochs are
    fewer by the root of their number.
categorical_features : 'from_dtype', None or array-like, default='from_dtype'
    Which columns are categories: their names, their indices, or a boolean mask; None for none of
    them. With 'from_dtype' those of dtype category, enum, string and boolean, and columns of
    objects unless all that are known are numbers, see `TabularPreprocessor`. To have integers
    as categories too, give their columns that dtype.
n_members : int or None, default=None
    Networks, whose predictions are averaged. With fewer than five, some rows are held out by
    none, and ``oof_prediction_`` is NaN there.
hidden_layer_sizes : int, array-like of int or None, default=None
    Units of each hidden layer; ``()`` for none.
max_iter : int or None, default=None
    Epochs. Each member keeps the best of them, see ``scoring``.
batch_size : int or None, default=None
    Samples in a step.
learning_rate_init : float or None, default=None
    The highest learning rate.
dropout : float, list of float or None, default=None
    Part of the units of each hidden layer that is left out at random in every step, in [0, 1), a
    list for one each; fades in the second half. None for the preset's, by which members differ.
weight_decay : float or None, default=None
    Each step takes this times the learning rate off the weights; fades in the second half.
resample : {'folds', 'bootstrap'}, splitter or None, default='folds'
    What each member sees: 'folds', or a splitter that makes ``n_members`` splits, the training
    rows of one split; the rows held out choose its epoch and give ``oof_prediction_``. 'folds' are
    alike in their targets, be they classes or numbers; there are ``n_members`` of them, at least
    five. 'bootstrap' and None set a tenth aside to choose by. With ``X_val`` nothing is held out
    or set aside, unless by a splitter. Rows of weight 0 are dropped before; only a splitter with a
    table of its own, such as `PredefinedSplit`, is for all rows.
scoring : 'loss', str or callable, default='loss'
    What an epoch is chosen by: 'loss' for minus the loss, otherwise a scorer's name or a
    ``callable(estimator, X, y)``, which gets rows as they were given to `fit`, and
    ``sample_weight`` where there are weights and it takes them. Higher is better. Metrics with
    ``labels`` know all classes; where a score is not a number, or an error for want of a class,
    'loss' judges that member instead, with a warning.
max_time : float or None, default=None
    Seconds of training, after which it stops and keeps the best of what it has. Members that are
    trained one after another share it.
random_state : int, RandomState instance or None, default=None
    Source of the members' seeds, which are those of weights and shuffles, and of the folds.
verbose : bool or int, default=False
    Whether to print the loss of every epoch.
n_jobs : int or None, default=None
    Processes that train, started by the first fit that is longer than half a second; None for as
    many as OpenMP would use (all cores, unless ``OMP_NUM_THREADS`` or a search's workers leave
    fewer; one in a child of multiprocessing).
    Results do not depend on it, unless ``max_time`` cuts training short."""

SHARED_TABULAR_ATTRIBUTES = """\
preprocessor_ : TabularPreprocessor
    What turns the columns into the network's inputs.
parameters_ : ndarray of shape (n_members, n_parameters)
    A row for each network.
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
    the rows that have one, with the weights of rows and classes. Slightly optimistic, as epochs
    are chosen by the same rows.
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
    return _filled(cls, SHARED_PARAMETERS, SHARED_ATTRIBUTES)


def with_shared_tabular_parameters(cls: type[T]) -> type[T]:
    """Fill the placeholders in the docstring of an estimator for tables."""
    return _filled(cls, SHARED_TABULAR_PARAMETERS, SHARED_TABULAR_ATTRIBUTES)


def _filled(cls: type[T], parameters: str, attributes: str) -> type[T]:
    if cls.__doc__ is None:  # python -OO
        return cls
    indent = " " * 4
    cls.__doc__ = cls.__doc__.format(
        shared_parameters=parameters.replace("\n", "\n" + indent),
        shared_attributes=attributes.replace("\n", "\n" + indent),
    )
    return cls
