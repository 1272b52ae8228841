"""Work that scikit-learn's callbacks are told of."""

from typing import Any

from sklearn.base import BaseEstimator

__all__ = ["Task"]


class Task:
    """A piece of work that scikit-learn's callbacks (1.9) are told of, also from other processes.

    Parameters
    ----------
    context : CallbackContext
    caller : estimator
        Whose callbacks they are.
    """

    def __init__(self, context: Any, caller: BaseEstimator) -> None:
        self.context, self.caller = context, caller

    def begin(self) -> None:
        """Tell the callbacks that it begins."""
        self.context.call_on_fit_task_begin(estimator=self.caller)

    def end(self) -> None:
        """Tell the callbacks that it is done."""
        self.context.call_on_fit_task_end(estimator=self.caller)

    def expect(self, n_parts: int) -> None:
        """Let it have so many parts, whatever was expected when it was made."""
        self.context.max_subtasks = n_parts

    def part(self, name: str, number: int | None = None, n_parts: int = 0) -> "Task":
        """Return a part of it.

        Parameters
        ----------
        name : str
        number : int or None
            None if parts come one after another.
        n_parts : int
            Parts that the part may have, in any order if they have numbers.
        """
        context = self.context.subcontext(
            task_name=name, task_id=number, max_subtasks=n_parts, sequential_subtasks=False
        )
        return Task(context, self.caller)
