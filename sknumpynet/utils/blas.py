"""How many threads a BLAS call may use while fits of one process overlap."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import ThreadpoolController

__all__ = ["blas_libraries", "blas_threads"]


class _Libraries:
    """The BLAS libraries of the process, by their paths; to look for them takes milliseconds."""

    def __init__(self) -> None:
        self.controller = ThreadpoolController().select(user_api="blas")

    def threads(self) -> dict[str, int]:
        """Return how many threads each uses, as this thread sees it."""
        threads = {own.filepath: own.num_threads for own in self.controller.lib_controllers}
        return {path: n for path, n in threads.items() if n is not None}  # which cannot tell

    def set_threads(self, n_threads: dict[str, int]) -> None:
        """Set how many threads some use, as far as this thread can."""
        for path, n in n_threads.items():
            self.controller.select(filepath=path).limit(limits=n)

    def set_threads_elsewhere(self, n_threads: dict[str, int]) -> None:
        """Do the same in a thread that ends at once."""
        if not n_threads:
            return
        thread = threading.Thread(target=self.set_threads, args=(n_threads,))
        try:
            thread.start()
        except RuntimeError:  # there are no more threads, or the interpreter is ending
            self.set_threads(n_threads)
            return
        thread.join()


class _Lowered:
    """What was lowered for those who are in a limited section now."""

    def __init__(self) -> None:
        self.n_inside = 0
        # By a library's path: the threads it had, and has since.
        self.threads: dict[str, tuple[int, int]] = {}

    def note(self, before: dict[str, int], now: dict[str, int]) -> None:
        """Take down which libraries have fewer threads than before."""
        for path, n_threads in before.items():
            if now[path] < n_threads:
                original, _ = self.threads.get(path, (n_threads, n_threads))
                self.threads[path] = original, now[path]

    def leave(self, now: dict[str, int]) -> dict[str, int]:
        """Count one who leaves; return what the last has to restore.

        Not what someone else has set meanwhile.
        """
        self.n_inside -= 1
        if self.n_inside:
            return {}
        lowered, self.threads = self.threads, {}
        return {path: n for path, (n, since) in lowered.items() if now.get(path) == since}


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.lowered = _Lowered()


class _Process:
    """What the threads of the process share."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lowered = _Lowered()
        self.of_thread = _OfThread()
        self.libraries: _Libraries  # looked for by the first to enter

    def enter(self) -> None:
        """Count one who needs a limit."""
        if self.lowered.n_inside == 0:
            self.libraries = _Libraries()
        self.lowered.n_inside += 1
        self.of_thread.lowered.n_inside += 1

    def limit(self, n_threads: int) -> None:
        """Lower what can be: of the process, and of this thread."""
        libraries, own = self.libraries, self.of_thread.lowered
        at_first = libraries.threads()
        libraries.set_threads_elsewhere(_to_lower(at_first, n_threads))
        shared = libraries.threads()
        self.lowered.note(at_first, shared)
        libraries.set_threads(_to_lower(shared, n_threads))
        own.note(shared, libraries.threads())

    def leave(self) -> None:
        """Restore what nobody relies on any more."""
        libraries = self.libraries
        libraries.set_threads(self.of_thread.lowered.leave(libraries.threads()))
        libraries.set_threads_elsewhere(self.lowered.leave(libraries.threads()))


def _to_lower(threads: dict[str, int], limit: int) -> dict[str, int]:
    return {path: limit for path, n_threads in threads.items() if n_threads > limit}


_process = _Process()


def _begin_anew() -> None:
    """Forget, in a forked process, threads that it has not, and a lock that may be held."""
    global _process
    _process = _Process()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def blas_libraries() -> list[str]:
    """Return what computes matrix products: bits depend on it."""
    libraries = _Libraries().controller.info()
    return sorted(
        f"{own['internal_api']} {own['version']} {own.get('architecture', '')}, "
        f"{own['num_threads']} threads"
        for own in libraries
    )


@contextmanager
def blas_threads(n_threads: int) -> Iterator[None]:
    """Limit the threads of each BLAS call until the last of those who asked for it is done.

    A limit is of the process or of a thread, by the library and by threadpoolctl, which from 3.8
    on obeys one thread only as long as that lives. What a thread that ends at once can set is of
    the process, and the last to leave can restore it in the same way, whoever was the first; the
    rest is set and restored by each thread for itself. Where neither works, as another thread
    holds a limit of its own, none is set.

    Parameters
    ----------
    n_threads : int
        Limits that are lower stay.
    """
    process = _process
    with process.lock:
        process.enter()
    try:
        with process.lock:
            process.limit(n_threads)
        yield
    finally:
        with process.lock:
            process.leave()
