"""Fitted estimators in files that hold no code: what they hold, and whether it can be true."""
