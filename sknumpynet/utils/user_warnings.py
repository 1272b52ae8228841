"""Warnings that point at the user's line, however deep they are raised.

What training has to say, such as that it did not converge, `BaseNetwork` warns of with a fixed
``stacklevel`` instead: at whoever called ``fit``, as scikit-learn's networks do. In a pipeline or
a cross-validation that is a line of scikit-learn, by whose module users may filter it; `warn_user`
would name theirs. Columns are read at varying depths, for which no fixed level would do.
"""

import sys
import warnings

__all__ = ["warn_user"]

_OURS = ("sknumpynet", "sklearn")


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost call that is neither this package's nor scikit-learn's."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and _package(frame.f_globals) in _OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _package(module: dict[str, object]) -> str:
    return str(module.get("__name__", "")).partition(".")[0]
