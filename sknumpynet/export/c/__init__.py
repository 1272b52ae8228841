"""Fitted models as C code."""
