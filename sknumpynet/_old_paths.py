"""Where modules were that files saved by earlier versions name."""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["OLD_PATHS"]

OLD_PATHS = {
    "sknumpynet._base": "sknumpynet.estimators.base",
    "sknumpynet._blas": "sknumpynet.utils.blas",
    "sknumpynet._callbacks": "sknumpynet.estimators.callbacks",
    "sknumpynet._checks": "sknumpynet.training.checks",
    "sknumpynet._classification": "sknumpynet.estimators.classification",
    "sknumpynet._columns": "sknumpynet.utils.columns",
    "sknumpynet._docs": "sknumpynet.estimators.docs",
    "sknumpynet._fitted": "sknumpynet.estimators.views",
    "sknumpynet._history": "sknumpynet.training.history",
    "sknumpynet._mlp": "sknumpynet.estimators.mlp",
    "sknumpynet._preparation": "sknumpynet.estimators.training_data",
    "sknumpynet._publication": "sknumpynet.estimators.fitted_attributes",
    "sknumpynet._regression": "sknumpynet.estimators.regression",
    "sknumpynet._rehearsal": "sknumpynet.model_selection.pretraining",
    "sknumpynet._resampling": "sknumpynet.training.resampling",
    "sknumpynet._saved_state": "sknumpynet.estimators.saved_state",
    "sknumpynet._sklearn": "sknumpynet.utils.scikit_learn",
    "sknumpynet._stacking": "sknumpynet.training.runs",
    "sknumpynet._tabular": "sknumpynet.estimators.tabular",
    "sknumpynet._tickets": "sknumpynet.model_selection.pretrained",
    "sknumpynet._validation": "sknumpynet.training.validation",
}


class _Finder(MetaPathFinder, Loader):
    """Imports the module that stands in the place of an old one, only when it is asked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in OLD_PATHS else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(OLD_PATHS[spec.name])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # It has run already; importing it as another has only renamed it.
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state


sys.meta_path.append(_Finder())
