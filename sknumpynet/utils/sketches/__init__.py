"""Summaries of columns too long to keep: mergeable, of bounded size, and the same in every run.

What was summarised in parts is merged in their order, in any grouping of neighbours. As long as
everything fits, summaries are exact.
"""

from sknumpynet.utils.sketches.counts import FrequentCounts
from sknumpynet.utils.sketches.distinct import DistinctSample
from sknumpynet.utils.sketches.moments import Moments
from sknumpynet.utils.sketches.quantiles import QuantileSketch

__all__ = ["DistinctSample", "FrequentCounts", "Moments", "QuantileSketch"]
