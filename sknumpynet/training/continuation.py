"""Runs whose epochs were used up, and that are given more of them."""

from dataclasses import replace

import numpy as np

from sknumpynet.training.runs import Run
from sknumpynet.training.validation import Validator

__all__ = ["arrays_to_go_on", "go_on", "why_not_to_go_on"]


def why_not_to_go_on(run: Run) -> str:
    """Return why a run with more epochs would differ from its first ones, empty if it would not."""
    settings, validator = run.member.settings, run.member.validate
    if settings.schedule.over_progress is not None:
        return f"learning_rate={settings.schedule.name!r} is a plan for all epochs"
    if settings.warmup > 0:
        return f"warmup={settings.warmup} is a part of all epochs"
    if settings.regularization is not None:
        return "its dropout and weight decay follow a plan for all epochs"
    has_scorer = isinstance(validator, Validator) and validator.scoring.scorer is not None
    if has_scorer or run.lost_its_scores:
        # All epochs would be scored anew, by the loss.
        return "its scoring is a metric, which may fail in a later epoch"
    return ""


def go_on(run: Run, max_epochs: int) -> None:
    """Give a trained run more epochs, as if it had had them from the start.

    Parameters
    ----------
    run : Run
        That `Run.may_go_on`; stays as it is where it stopped before its epochs were used up.
    max_epochs : int
        Counted from the first one; not fewer than it had.
    """
    settings, pause = run.member.settings, run.pause
    if max_epochs < settings.max_epochs or not run.may_go_on:
        raise ValueError(f"a run of {settings.max_epochs} epochs cannot get {max_epochs}")
    run.seconds = 0.0
    if pause is None or max_epochs == settings.max_epochs:
        return
    settings = replace(settings, max_epochs=max_epochs, planned_epochs=max_epochs)
    run.member = replace(run.member, settings=settings)
    run.parameters, run.optimizer = pause.parameters, pause.optimizer
    run.snapshot = replace(pause, result=replace(pause.result, status="running"))
    run.result = run.pause = None


def arrays_to_go_on(run: Run) -> list[np.ndarray]:
    """Return the arrays that a trained run is kept with."""
    arrays = [run.parameters, None if run.optimizer is None else run.optimizer.state]
    results = [run.result]
    if run.pause is not None:
        arrays += [run.pause.parameters, run.pause.rows, run.pause.optimizer.state]
        results.append(run.pause.result)
    for result in results:
        if result is not None:
            arrays += [result.best_parameters, *(own.parameters for own in result.best_of_parts)]
    return [array for array in arrays if array is not None]
