"""The parameters of the estimators for tables: what each may be, and what is said of it."""

from numbers import Integral, Real

from sknumpynet.estimators.parameters.base import Parameter
from sknumpynet.presets import PRESETS
from sknumpynet.utils.scikit_learn import HasMethods, Interval, StrOptions

__all__ = ["TABULAR_PARAMETERS"]

TABULAR_PARAMETERS: dict[str, Parameter] = {
    "preset": Parameter(
        "{'fast', 'default', 'best'}, default='default'",
        [StrOptions(set(PRESETS))],
        "How much time to spend; whatever is None below is as in the preset. 'fast': 5 "
        "members, 14 epochs for classes, 28 for numbers. 'default': 16 members and 32 epochs "
        "for classes, 8 and 72 for numbers. 'best': 40 and 40, 20 and 128, of two layers of "
        "128 units instead of 64. Below 2,000 rows the last two have more epochs, by the root "
        "of the rows, at most twice as many; beyond 10,000 all have fewer, by the root, and "
        "members by the fourth root, down to 5. Batches have 32 samples up to 500 rows, 64 up "
        "to 1,000, 128 up to 16,000, then 256.",
    ),
    "categorical_features": Parameter(
        "'from_dtype', None or array-like, default='from_dtype'",
        ["array-like", StrOptions({"from_dtype"}), None],
        "Which columns are categories: their names, their indices, or a boolean mask; None "
        "for none of them. With 'from_dtype' those of dtype category, enum, string and "
        "boolean, and columns of objects unless all that are known are numbers or dates, but for "
        "free text, see `TabularPreprocessor`. To have integers as categories too, name them in "
        "``column_kinds``.",
    ),
    "column_kinds": Parameter(
        "dict or None, default=None",
        [dict, None],
        "What columns are, by their names or indices: 'number', 'category', 'date', 'dayfirst' "
        "or 'monthfirst' (dates as text, of such an order where day and month are numbers), "
        "'time' (of day) or 'text' (free text). Others are as ``categorical_features`` has them.",
    ),
    "monotonic_cst": Parameter(
        "dict, array-like of int or None, default=None",
        [dict, "array-like", None],
        "Where predictions must not fall (1) or not rise (-1) as a number grows, all else being "
        "equal, or need do neither (0): a dict by names of columns, or an array with a value for "
        "each. Of a classifier it is the probability of the second class, and there are no more "
        "than two. Only for numbers; a missing one is neither more nor less than others. The "
        "networks keep it by construction, see the guide.",
    ),
    "n_members": Parameter(
        "int or None, default=None",
        [Interval(Integral, 1, None, closed="left"), None],
        "Networks whose predictions are averaged. With fewer than five, some rows are held out "
        "by none, and ``oof_prediction_`` is NaN there.",
    ),
    "hidden_layer_sizes": Parameter(
        "int, array-like of int or None, default=None",
        ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "Units of each hidden layer; ``()`` for none.",
    ),
    "max_iter": Parameter(
        "int or None, default=None",
        [Interval(Integral, 1, None, closed="left"), None],
        "Epochs. Each member keeps the best of them, see ``scoring``.",
    ),
    "batch_size": Parameter(
        "int or None, default=None",
        [Interval(Integral, 1, None, closed="left"), None],
        "Samples in a step.",
    ),
    "learning_rate_init": Parameter(
        "float or None, default=None",
        [Interval(Real, 0, None, closed="neither"), None],
        "The highest learning rate.",
    ),
    "dropout": Parameter(
        "float, list of float or None, default=None",
        [Interval(Real, 0, 1, closed="left"), "array-like", None],
        "Part of the units of each hidden layer that is left out at random in every step, in "
        "[0, 1), a list for one each; fades in the second half. None for the preset's, by "
        "which members differ.",
    ),
    "weight_decay": Parameter(
        "float or None, default=None",
        [Interval(Real, 0, None, closed="left"), None],
        "Each step takes this times the learning rate off the weights; fades in the second half.",
    ),
    "resample": Parameter(
        "{'folds', 'bootstrap'}, splitter or None, default='folds'",
        [StrOptions({"bootstrap", "folds"}), HasMethods(["split", "get_n_splits"]), None],
        "What each member sees: 'folds', or a splitter that makes ``n_members`` splits, the "
        "training rows of one split; the rows held out choose its epoch and give "
        "``oof_prediction_``. 'folds' are alike in their targets, be they classes or numbers; "
        "there are as many as members, at least five. 'bootstrap' and None set a tenth aside to "
        "choose by. With ``X_val`` nothing is held out or set aside, "
        "unless by a splitter. Rows of weight 0 are dropped before; only a splitter with a table "
        "of its own, such as `PredefinedSplit`, is for all rows.",
    ),
    "scoring": Parameter(
        "'loss', str or callable, default='loss'",
        [str, callable],
        "What an epoch is chosen by: 'loss' for minus the loss, otherwise a scorer's name or "
        "a ``callable(estimator, X, y)``, which gets rows as they were given to `fit`, and "
        "``sample_weight`` where there are weights and it takes them. Higher is better. "
        "Metrics with ``labels`` know all classes; where a score is not a number, or an error "
        "for want of a class, 'loss' judges that member instead, with a warning.",
    ),
    "conformal": Parameter(
        "bool, default=True",
        ["boolean"],
        "Whether to keep what `predict_interval` or `predict_set` goes by, where folds are held "
        "out: each member's networks of two further epochs, and for every row a prediction, its "
        "target and its weight. Saved models are three times as large by it.",
    ),
    "max_time": Parameter(
        "float or None, default=None",
        [Interval(Real, 0, None, closed="neither"), None],
        "Seconds of training, after which it stops and keeps the best of what it has. Members "
        "that are trained one after another share it.",
    ),
    "n_background": Parameter(
        "int, default=100",
        [Interval(Integral, 0, None, closed="left")],
        "How many rows of X are kept at most, encoded, for `explain` to compare others with: a "
        "fitted model then holds rows that it was trained on, pickled ones too. With 0 none are "
        "kept, and `explain` has to be given some.",
    ),
    "random_state": Parameter(
        "int, RandomState instance or None, default=None",
        ["random_state"],
        "Source of the members' seeds, which are those of weights and shuffles, and of the folds.",
    ),
    "verbose": Parameter(
        "bool or int, default=False",
        ["verbose"],
        "Whether to print the loss of every epoch.",
    ),
    "n_jobs": Parameter(
        "int or None, default=None",
        [
            Interval(Integral, 1, None, closed="left"),
            Interval(Integral, None, -1, closed="right"),
            None,
        ],
        "How many cores train; None for all, as in histogram gradient boosting: as many as "
        "OpenMP would use, which are fewer with ``OMP_NUM_THREADS`` and in a search's workers, "
        "and one in a child of multiprocessing. Processes are started by the first fit that they "
        "save more time than that takes: one of four seconds on two cores. Results do not depend "
        "on it, unless ``max_time`` cuts training short.",
    ),
}
