"""One network's training while it is going on: what is taken down, and what stops it."""

import copy
import math
from collections.abc import Sequence

from sknumpynet.core.members import BestOfPart, Member, MemberResult
from sknumpynet.core.types import FloatArray

__all__ = ["Monitor"]


class Monitor:
    """Takes down a member's epochs, judges them, and says when training is over.

    Parameters
    ----------
    member : Member

    Attributes
    ----------
    result : MemberResult
        Up to now.
    """

    def __init__(self, member: Member) -> None:
        self.member, self.settings = member, member.settings
        if member.resume_from is None:
            self.result = MemberResult(member.start.copy())
        else:
            self.result = copy.deepcopy(member.resume_from.result)

    @property
    def is_judged_by_validation(self) -> bool:
        """Whether the validation score says what the best epoch is."""
        return self.member.validate is not None and self.settings.early_stopping

    def record_epoch(
        self, loss: float, parameters: FloatArray, learning_rate: float, seconds: float
    ) -> None:
        """Take an epoch's loss in, and its validation score if there is one."""
        history, report = self.result.history, self.settings.report
        history["loss"].append(loss)
        history["learning_rate"].append(learning_rate)
        history["seconds"].append(seconds)
        self.result.state.loss_curve.append(loss)
        if report:
            report(f"Iteration {self.result.n_epochs}, loss = {loss:.8f}")
        score = self._validate(parameters)
        if self.is_judged_by_validation:
            self._judge_by_score(score, parameters)
        else:
            self._judge_by_loss(loss, score)

    def _validate(self, parameters: FloatArray) -> float:
        """Take down the validation score and loss, NaN without validation; return the score."""
        score = loss = math.nan
        if self.member.validate is not None:
            score, loss, *losses_of_parts = self.member.validate(parameters)
            self._judge_by_parts(losses_of_parts, parameters)
            self.result.state.validation_scores.append(score)
            self.result.state.validation_losses.append(loss)
            if self.settings.report:
                self.settings.report(f"Validation score: {score:f}")
        self.result.history["validation_score"].append(score)
        self.result.history["validation_loss"].append(loss)
        return score

    def _judge_by_loss(self, loss: float, score: float) -> None:
        state = self.result.state
        improved = not loss > state.best_loss - self.settings.tol
        state.best_loss = min(loss, state.best_loss)
        if score > state.best_validation_score:
            state.best_validation_score = score
        state.stalled_epochs = 0 if improved else state.stalled_epochs + 1

    def _judge_by_score(self, score: float, parameters: FloatArray) -> None:
        state = self.result.state
        improved = not score < state.best_validation_score + self.settings.tol
        if score > state.best_validation_score:
            state.best_validation_score = score
            self.result.best_parameters = parameters.copy()
        state.stalled_epochs = 0 if improved else state.stalled_epochs + 1

    def _judge_by_parts(self, losses: Sequence[float], parameters: FloatArray) -> None:
        bests = self.result.best_of_parts
        if not bests:
            bests.extend(BestOfPart() for _ in losses)
        for best, loss in zip(bests, losses, strict=True):
            if loss < best.loss:
                best.loss, best.parameters = loss, parameters.copy()

    def end_epoch(self, seconds: float, parameters: FloatArray | None) -> None:
        """Stop a member whose time or epochs are used up, or if its `end_of_epoch` asks for it.

        Parameters
        ----------
        seconds : float
            Since training began.
        parameters : ndarray of shape (P,) or None
            None if the epoch was not recorded.
        """
        result, settings = self.result, self.settings
        if result.status == "running" and seconds > settings.max_seconds:
            result.status = "out_of_time"
        if result.status == "running" and result.n_epochs == settings.max_epochs:
            result.status = "exhausted"
        end_of_epoch = self.member.end_of_epoch
        if parameters is not None and end_of_epoch is not None and end_of_epoch(result, parameters):
            result.status = "stopped"
