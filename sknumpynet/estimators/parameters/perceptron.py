"""The parameters of the drop-ins: what each may be, and what is said of it."""

from numbers import Integral, Real

import numpy as np

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.initializers import INITIALIZERS
from sknumpynet.core.schedules import SCHEDULES
from sknumpynet.estimators.parameters.base import Parameter
from sknumpynet.estimators.parameters.optimizers import OPTIMIZER_PARAMETERS, SOLVER
from sknumpynet.utils.scikit_learn import HasMethods, Interval, Options, StrOptions

__all__ = ["PERCEPTRON_PARAMETERS"]

PERCEPTRON_PARAMETERS: dict[str, Parameter] = {
    "hidden_layer_sizes": Parameter(
        "int or array-like of int, default=(100,)",
        ["array-like", Interval(Integral, 1, None, closed="left")],
        "Units of each hidden layer; ``()`` is a linear model.",
    ),
    "activation": Parameter(
        "str, object or list of them, default='relu'",
        [StrOptions(set(ACTIVATIONS)), list, tuple, HasMethods(["value", "derivative"])],
        "Activation of the hidden layers, a list for one each: 'identity', 'logistic', "
        "'tanh', 'relu', 'leaky_relu', 'elu', 'selu', 'smelu', 'softplus', 'silu', 'gelu' or "
        "'mish'. An object of one's own has the elementwise methods ``value(z)`` and "
        "``derivative(z, output)`` of arrays of any shape, where ``output`` is ``value(z)``.",
    ),
    "solver": SOLVER,
    **OPTIMIZER_PARAMETERS,
    "alpha": Parameter(
        "float, default=0.0001",
        [Interval(Real, 0, None, closed="left")],
        "Strength of the L2 penalty on the weights. It is divided by the samples of a batch.",
    ),
    "batch_size": Parameter(
        "int or 'auto', default='auto'",
        [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "Samples in a step; 'auto' is ``min(200, n_samples)``. Not used by 'lbfgs'.",
    ),
    "learning_rate": Parameter(
        "str or callable, default='constant'",
        [StrOptions(set(SCHEDULES)), callable],
        "Schedule of the learning rate. For 'sgd' alone, as in scikit-learn: 'invscaling' "
        "divides by ``pow(t, power_t)``, 'adaptive' by 5 whenever ``n_iter_no_change`` epochs "
        "in a row have not improved by ``tol``. For every stochastic solver: 'plateau' does "
        "what 'adaptive' does; 'cosine', 'linear', 'one_cycle', 'log_cosine' or a function of "
        "the progress in [0, 1] give the factor on ``learning_rate_init`` in every step. "
        "These are plans for ``max_iter`` epochs, which only a validation score cuts short, "
        "not a training loss that stalls. 'one_cycle' rises from 1/25 over the first 30 % and "
        "falls to 1/250 000; 'log_cosine' has four periods, each twice as long as the one "
        "before, from 0 to 1 and back.",
    ),
    "learning_rate_init": Parameter(
        "float, default=0.001",
        [Interval(Real, 0, None, closed="neither")],
        "Initial learning rate of the stochastic solvers; the highest of 'cosine', 'linear', "
        "'one_cycle' and 'log_cosine'.",
    ),
    "power_t": Parameter(
        "float, default=0.5",
        [Interval(Real, 0, None, closed="left")],
        "Exponent of 'invscaling'.",
    ),
    "max_iter": Parameter(
        "int, default=200",
        [Interval(Integral, 1, None, closed="left")],
        "Most epochs of the stochastic solvers, most iterations of 'lbfgs'.",
    ),
    "shuffle": Parameter(
        "bool, default=True",
        ["boolean"],
        "Whether the stochastic solvers shuffle the samples before each epoch.",
    ),
    "random_state": Parameter(
        "int, RandomState instance or None, default=None",
        ["random_state"],
        "Source of the initial weights, of the split of early stopping, of the shuffles and "
        "of dropout.",
    ),
    "tol": Parameter(
        "float, default=1e-4",
        [Interval(Real, 0, None, closed="left")],
        "An epoch has to be better by this much to count as an improvement.",
    ),
    "verbose": Parameter(
        "bool or int, default=False",
        ["verbose"],
        "Whether to print the loss of every epoch, or iteration of 'lbfgs'.",
    ),
    "warm_start": Parameter(
        "bool, default=False",
        ["boolean"],
        "Whether `fit` goes on from the fitted weights instead of starting again.",
    ),
    "early_stopping": Parameter(
        "bool, default=False",
        ["boolean"],
        "Whether to stop when the score on validation data no longer improves, and keep the "
        "weights of the best epoch, also where the epochs run out first. The data are those "
        "given to `fit`, or else a part of the training data set aside. For the stochastic "
        "solvers.",
    ),
    "validation_fraction": Parameter(
        "float, default=0.1",
        [Interval(Real, 0, 1, closed="left")],
        "The part set aside.",
    ),
    "n_iter_no_change": Parameter(
        "int, default=10",
        [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "Epochs without improvement that are put up with.",
    ),
    "max_fun": Parameter(
        "int, default=15000",
        [Interval(Integral, 1, None, closed="left")],
        "Most evaluations of the loss by 'lbfgs'.",
    ),
    "n_members": Parameter(
        "int, default=1",
        [Interval(Integral, 1, None, closed="left")],
        "Networks that are trained at once, each from a seed of its own; predictions are "
        "their mean. An ensemble trains on the workers of ``joblib.parallel_config``; with "
        "'lbfgs' or sparse rows one network after another.",
    ),
    "resample": Parameter(
        "{'bootstrap', 'folds'}, splitter or None, default=None",
        [StrOptions({"bootstrap", "folds"}), HasMethods(["split", "get_n_splits"]), None],
        "What each member sees: None all rows; 'bootstrap' a bootstrap sample, as weights; "
        "'folds', or a splitter that makes ``n_members`` splits, the training rows of one "
        "split. The rows that a split holds out judge its member in ``early_stopping`` and "
        "give ``oof_prediction_``. 'folds' shuffles, and stratifies by class. Not with "
        "`partial_fit`, nor to go on with ``warm_start``.",
    ),
    "scoring": Parameter(
        "'loss', str, callable or None, default=None",
        [str, callable, None],
        "What validation data are scored by: None for accuracy or R², or minus the mean "
        "pinball loss for several quantiles; 'loss' for minus the training loss, without the "
        "penalty; otherwise a scorer's name or a ``callable(estimator, X, y)``, which gets "
        "rows as they were given to `fit`, and ``sample_weight`` where there are weights and "
        "it takes them. Higher is better. Metrics with ``labels`` know all classes; where a "
        "score is not a number, or an error for want of a class, 'loss' judges that network "
        "instead, with a warning.",
    ),
    "max_time": Parameter(
        "float or None, default=None",
        [Interval(Real, 0, None, closed="neither"), None],
        "Seconds of training, after which it stops and keeps what it has, with "
        "``early_stopping`` the best of it. Members of an ensemble that are trained one after "
        "another share it.",
    ),
    "dropout": Parameter(
        "float or list of float, default=0.0",
        [Interval(Real, 0, 1, closed="left"), "array-like"],
        "Part of the units of each hidden layer that is left out at random in every step, in "
        "[0, 1), a list for one each. What is left is scaled up, so that prediction needs "
        "neither. For the stochastic solvers.",
    ),
    "warmup": Parameter(
        "float, default=0.0",
        [Interval(Real, 0, 1, closed="both")],
        "Part of ``max_iter`` over which the learning rate rises from 0; the schedule takes "
        "the rest.",
    ),
    "max_grad_norm": Parameter(
        "float or None, default=None",
        [Interval(Real, 0, None, closed="neither"), None],
        "Longest gradient, over all of a network's parameters, that a stochastic solver takes "
        "as it is; longer ones are shortened to it.",
    ),
    "weight_init": Parameter(
        "str, default='auto'",
        [StrOptions(set(INITIALIZERS))],
        "Initial weights: 'auto' as in scikit-learn, with random biases; 'he_normal', "
        "'he_uniform', 'glorot_normal', 'glorot_uniform', 'lecun_normal' or 'orthogonal', "
        "with biases of 0; or 'standard_normal' for weights and biases.",
    ),
    "dtype": Parameter(
        "{'float32', 'float64'} or None, default=None",
        [StrOptions({"float32", "float64"}), None],
        "What to train in, and to keep the weights in; None follows the data.",
    ),
}
