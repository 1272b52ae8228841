"""Functions as text: those that are asked for, with all that they need of the package.

What a module defines is read from its source, so that what is written elsewhere is what runs
here. Only NumPy and the standard library may be left to import.
"""

import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

__all__ = ["Sources", "sources_of"]

PACKAGE = "sknumpynet"
# Of SciPy's functions those that have a form in NumPy and the standard library.
PLAIN = "sknumpynet.export.python.parts.special"
REPLACED = {("scipy.special", "expit"): "expit", ("scipy.special", "ndtr"): "ndtr"}

WIDTH = 100


class Sources(NamedTuple):
    """Text of a module, and what it defines.

    Parameters
    ----------
    imports : str
    definitions : str
    names : frozenset of str
    """

    imports: str
    definitions: str
    names: frozenset[str]


class _Import(NamedTuple):
    """Where a name comes from: an attribute of a module or, without one, the module."""

    module: str
    attribute: str | None


@dataclass(frozen=True)
class _Definition:
    """A function, class or constant at the top of a module.

    Parameters
    ----------
    line : int
    text : str
        With the comments above it.
    is_block : bool
        Whether it is a function or a class.
    needs : frozenset of str
        Names that stand in it.
    """

    line: int
    text: str
    is_block: bool
    needs: frozenset[str]


@dataclass(frozen=True)
class _Module:
    title: str
    definitions: dict[str, _Definition]
    imports: dict[str, _Import]


@cache
def _read(name: str) -> _Module:
    """Return what a module of the package defines and imports."""
    text = inspect.getsource(importlib.import_module(name))
    lines, tree = text.splitlines(), ast.parse(text)
    title = (ast.get_docstring(tree) or name).splitlines()[0].rstrip(".")
    module = _Module(title, {}, {})
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                module.imports[alias.asname or alias.name] = _Import(alias.name, None)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module.imports[alias.name] = _Import(node.module or "", alias.name)
        else:
            definition = _definition(node, lines)
            module.definitions.update(dict.fromkeys(_names_defined(node), definition))
    return module


def _names_defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return [own.id for target in targets for own in ast.walk(target) if isinstance(own, ast.Name)]


def _definition(node: ast.stmt, lines: list[str]) -> _Definition:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(own.lineno for own in decorators)])
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    needs = frozenset(own.id for own in ast.walk(node) if isinstance(own, ast.Name))
    text = "\n".join(lines[first - 1 : node.end_lineno])
    is_block = isinstance(node, ast.FunctionDef | ast.ClassDef)
    return _Definition(first, text, is_block, needs)


def sources_of(
    functions: Iterable[Callable[..., Any]], modules: Mapping[str, tuple[str, str | None]]
) -> Sources:
    """Return functions of the package as text, with all that they need of it.

    Parameters
    ----------
    functions : iterable of callable
    modules : mapping of str to tuple of str
        What else is imported: of each name the module, and the attribute of it, None for itself.

    Raises
    ------
    NotImplementedError
        If they need a library beside NumPy.

    Examples
    --------
    >>> from sknumpynet.utils.zones import offset_name
    >>> sources = sources_of([offset_name], {"np": ("numpy", None)})
    >>> sources.imports, sources.definitions.splitlines()[4]
    ('import numpy as np', 'def offset_name(minutes: int) -> str:')
    """
    chosen: dict[str, set[str]] = {}
    imports = {name: _Import(*own) for name, own in modules.items()}
    above: dict[str, set[str]] = {}
    to_do = [(own.__module__, own.__name__) for own in functions]
    while to_do:
        module, name = to_do.pop()
        above.setdefault(module, set())
        if name in chosen.setdefault(module, set()):
            continue
        chosen[module].add(name)
        source = _read(module)
        for need in source.definitions[name].needs:
            if need in source.definitions:
                to_do.append((module, need))
            elif need in source.imports:
                found = _in_package(source.imports[need])
                if found is None:
                    imports[need] = source.imports[need]
                else:
                    above[module].add(found[0])
                    to_do.append(found)
    order = [module for module in TopologicalSorter(above).static_order() if module in chosen]
    texts, names = _texts(order, chosen)
    return Sources(_import_lines(imports), "\n\n\n".join(texts), frozenset([*names, *imports]))


def _in_package(found: _Import) -> tuple[str, str] | None:
    """Return the module and name of what the package defines, None for what is left to import."""
    module, attribute = found
    if (module, attribute) in REPLACED:
        return PLAIN, REPLACED[module, attribute or ""]
    root = module.split(".")[0]
    if root != PACKAGE:
        if root != "numpy" and root not in sys.stdlib_module_names:
            raise NotImplementedError(
                f"a module that needs NumPy only cannot have {attribute or module} of {module}"
            )
        return None
    if attribute is None:
        raise NotImplementedError(f"what is needed of {module} must be imported by name")
    # A package hands on what its modules define.
    source = _read(module)
    if attribute in source.definitions:
        return module, attribute
    return _in_package(source.imports[attribute])


def _texts(order: list[str], chosen: dict[str, set[str]]) -> tuple[list[str], dict[str, str]]:
    """Return the text of each module's part, and who defines each name."""
    texts, found = [], dict[str, str]()
    for module in order:
        source = _read(module)
        own = {source.definitions[name] for name in chosen[module]}
        if {source.definitions[name].text for name in chosen[module]} <= {*found.values()}:
            continue  # such as the same short name for a type
        for name in chosen[module]:
            text = source.definitions[name].text
            if found.setdefault(name, text) != text:
                raise NotImplementedError(f"{name} of {module} is another elsewhere")
        text, was_block = f"# {source.title} ".ljust(WIDTH, "-") + "\n", False
        for definition in sorted(own, key=lambda own: own.line):
            is_block = definition.is_block
            text += ("\n\n\n" if is_block or was_block else "\n") + definition.text
            was_block = is_block
        texts.append(text)
    return texts, found


def _import_lines(imports: dict[str, _Import]) -> str:
    """Return imports as Ruff orders them: the standard library, then NumPy."""
    whole, parts = set[tuple[bool, str]](), dict[tuple[bool, str], list[str]]()
    for name, (module, attribute) in imports.items():
        is_numpy = module.split(".")[0] == "numpy"
        if attribute is None:
            alias = "" if name == module else f" as {name}"
            whole.add((is_numpy, f"import {module}{alias}"))
        else:
            parts.setdefault((is_numpy, module), []).append(name)
    blocks = []
    for is_numpy in (False, True):
        lines = sorted(line for own, line in whole if own is is_numpy)
        for (own, module), names in sorted(parts.items()):
            if own is is_numpy:
                lines.append(f"from {module} import {', '.join(sorted(names, key=_import_order))}")
        if lines:
            blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _import_order(name: str) -> tuple[int, str]:
    """Return by what Ruff sorts the names of an import: constants, classes, the others."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name)
