"""How the site is built: ``python -m sphinx -W --keep-going -b html docs <out>``.

Nothing is fetched, neither while the site is built (no intersphinx) nor while it is read: the
theme ships its fonts and icons, and ``sphinx-mathjax-offline`` ships MathJax, which Sphinx would
otherwise load from a server of others.
"""

import os
import re
import warnings
from collections import _tuplegetter  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any

# One thread of BLAS, as in tests: figures and numbers on pages do not hang on the machine's cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import matplotlib as mpl
from docutils import nodes

# sphinx-gallery asks sklearn.model_selection for the bases of what examples use.
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util.nodes import get_node_source

import sknumpynet

mpl.use("agg")

project = "sknumpynet"
author = "the sknumpynet project"
project_copyright = author
version = release = sknumpynet.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "matplotlib.sphinxext.plot_directive",
    "sphinx_copybutton",
    "sphinx_design",
]

exclude_patterns = ["_build", "**.ipynb_checkpoints", "examples/*", "gallery/**/*.ipynb"]
templates_path = ["_templates"]
smartquotes_action = "De"  # 'relu' is typed with the quotes that stand there
default_role = "py:obj"  # `NumpyMLPClassifier` in a docstring is a link where there is such a name

# Pages ---------------------------------------------------------------------------------------

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

# Reference -----------------------------------------------------------------------------------

autosummary_generate = True
toc_object_entries_show_parents = "hide"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's sections say what arguments are
numpydoc_show_class_members = False
# Of numpydoc's rules all but those that the project's docstrings keep to otherwise: examples and
# cross-references stand where they help, what a name says is not said twice, and parts that
# estimators share have an order of their own.
numpydoc_validation_checks = {
    "all",
    "ES01",
    "EX01",
    "GL07",
    "GL08",
    "PR01",
    "PR03",
    "PR04",
    "PR07",
    "RT01",
    "RT02",
    "RT03",
    "SA01",
    "YD01",
}

# Pictures ------------------------------------------------------------------------------------

plot_rcparams = {"figure.figsize": (6, 4), "savefig.bbox": "tight"}
plot_apply_rcparams = True
plot_formats = [("png", 140)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("sknumpynet",),
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "min_reported_time": 5,
    "abort_on_example_error": True,
    "copyfile_regex": r".*\.rst",
    "image_scrapers": ("matplotlib",),
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "write_computation_times": False,  # a page that would load scripts of others
}
# What an example warns of, its reader would see too: it is to be mended there.
warnings.filterwarnings("error", module="__main__")

# Theme ---------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = f"sknumpynet {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": []}

# What scikit-learn gives ----------------------------------------------------------------------

# Of every estimator, and told by scikit-learn's own pages: where metadata go, and properties that
# a search takes from what it found.
SKIPPED = re.compile(r"set_\w+_request|get_metadata_routing|n_features_in_")


def skip_member(
    app: Sphinx, kind: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out members that only scikit-learn's own pages can explain."""
    of_tuple = isinstance(member, _tuplegetter)  # fields, which are among the parameters
    return True if of_tuple or SKIPPED.fullmatch(name) else None


def resolve(app: Sphinx, environment: Any, node: nodes.Element, text: nodes.Element) -> Any:
    """Find public names wherever they stand; show links to scikit-learn's pages as text."""
    if node["reftype"] == "obj" and node["reftarget"] in sknumpynet.__all__:
        target = f"sknumpynet.{node['reftarget']}"
        return environment.domains["py"].resolve_xref(
            environment, node["refdoc"], app.builder, "obj", target, node, text
        )
    return text if "docstring of sklearn." in (get_node_source(node) or "") else None


# Shapes such as (n_features_in_,), whose underscore reStructuredText takes for a link.
FITTED_SIZE = re.compile(r"(?<=[(\s])(n_\w+)_(?=[,)])")


def escape_fitted_sizes(
    app: Sphinx, kind: str, name: str, member: Any, options: Any, lines: list[str]
) -> None:
    """Let shapes be named as the fitted attributes are."""
    lines[:] = [FITTED_SIZE.sub(r"\1\\_", line) for line in lines]


def link_names(app: Sphinx, doctree: nodes.document) -> None:
    """Let public names that pages set as code lead to the reference."""
    for literal in list(doctree.findall(nodes.literal)):
        name = literal.astext()
        in_prose = isinstance(literal.parent, nodes.paragraph | nodes.entry)
        if not in_prose or name not in sknumpynet.__all__:
            continue
        link = pending_xref(
            "",
            refdomain="py",
            reftype="obj",
            reftarget=f"sknumpynet.{name}",
            refexplicit=True,
            refwarn=True,
            refdoc=app.env.docname,
        )
        literal.replace_self(link)
        link += literal


def remove_stale(app: Sphinx) -> None:
    """Remove pages made for names and examples that are there no more: they would be orphans."""
    folder = Path(app.srcdir)
    words = set(re.findall(r"\w+", "".join(p.read_text() for p in folder.glob("reference/*.rst"))))
    for page in folder.glob("reference/generated/*.rst"):
        if page.stem.rpartition(".")[2] not in words:
            page.unlink()
    for page in folder.glob("gallery/plot_*.rst"):
        if not (folder / "examples" / f"{page.stem}.py").exists():
            page.unlink()


def setup(app: Sphinx) -> None:
    """Connect what stands above."""
    app.connect("builder-inited", remove_stale, priority=100)
    app.connect("autodoc-process-docstring", escape_fitted_sizes, priority=400)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("doctree-read", link_names)
    app.connect("missing-reference", resolve)
