"""Tables in partitions on a cluster of Dask, as ``lightgbm.dask`` and ``xgboost.dask`` take them.

Needs the extra: ``pip install "sknumpynet[dask]"``. The rest of the package does not import it.
"""

from sknumpynet.dask.estimators import DaskTabularMLPClassifier, DaskTabularMLPRegressor

__all__ = ["DaskTabularMLPClassifier", "DaskTabularMLPRegressor"]
