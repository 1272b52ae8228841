"""Reading ahead in a thread, so that who reads and who works with it do so at once."""

from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import Any, TypeVar

__all__ = ["prefetched"]

T = TypeVar("T")


def prefetched(items: Iterable[T]) -> Iterator[T]:
    """Yield items while a thread makes the next one; its errors are raised where they are met.

    Parameters
    ----------
    items : iterable
        Is iterated over in the thread, until nobody asks for more. No more than one item is made
        beside the one that was asked for last.

    Examples
    --------
    >>> list(prefetched(range(3)))
    [0, 1, 2]
    """
    made: SimpleQueue[tuple[str, Any]] = SimpleQueue()
    wanted, is_over = Semaphore(1), Event()

    def read() -> None:
        iterator = None
        while True:
            wanted.acquire()
            if is_over.is_set():
                return
            try:
                iterator = iter(items) if iterator is None else iterator
                made.put(("item", next(iterator)))
            except StopIteration:
                made.put(("end", None))
                return
            except BaseException as error:  # for who asks for it
                made.put(("error", error))
                return

    thread = Thread(target=read, name="prefetch", daemon=True)
    thread.start()
    try:
        while True:
            kind, item = made.get()
            wanted.release()
            if kind == "end":
                return
            if kind == "error":
                raise item
            yield item
            del item  # it may be large
    finally:
        is_over.set()
        wanted.release()
        thread.join()
