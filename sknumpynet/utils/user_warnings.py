"""Warnings that point at the user's line, however deep they are raised."""

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
