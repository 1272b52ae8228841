"""Fitted models as C code."""

from sknumpynet.export.c.program import to_c

__all__ = ["to_c"]
