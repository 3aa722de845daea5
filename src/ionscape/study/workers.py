"""Who does the work: this process, own processes, or a Dask cluster."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from ionscape.core.errors import InputError

T = TypeVar("T")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class InlineExecutor(Executor):
    """Does each task at once, in this process."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Do it and give back the finished future."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads() -> None:
    """One thread per process for numerical libraries that are not yet loaded: tasks run side by side, and
    sums come out the same to the last bit wherever they run."""
    for variable in _THREAD_VARIABLES:
        os.environ[variable] = "1"


class ProcessWorkers(Executor):
    """Worker processes that can be replaced where one of them ends by force (no memory, a library's crash).

    The tasks that are lost then have a `BrokenProcessPool` as their exception.

    Parameters
    ----------
    count : int
        Number of processes.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.count, context, initializer=_start_worker)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Hand out a task; where the processes have ended the future says so."""
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenProcessPool as error:
            future: Future[T] = Future()
            future.set_exception(error)
            return future

    def restart(self) -> None:
        """New processes for those that ended."""
        self._pool.shutdown()
        self._pool = self._new()

    def can_work(self) -> bool:
        """Whether the processes start at all."""
        return not lost(self.submit(os.getpid))

    def stop(self) -> None:
        """End the processes, whatever they are doing."""
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes when they are done."""
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)


def lost(future: Future[Any]) -> bool:
    """Whether a task (waited for) ended with the process that did it."""
    return not future.cancelled() and isinstance(future.exception(), BrokenProcessPool)


@contextmanager
def process_workers(count: int) -> Iterator[ProcessWorkers]:
    """Processes of one thread each, ended at once where the work is given up."""
    with _single_threaded_children():
        workers = ProcessWorkers(count)
        try:
            yield workers
        except BaseException:
            workers.stop()
            raise
        workers.shutdown()


@contextmanager
def local_executor(jobs: int) -> Iterator[Executor]:
    """``jobs`` worker processes; none for one job."""
    if jobs == 1:
        yield InlineExecutor()
        return
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        # A worker that imports the user's script again comes here where the script does not ask for
        # __name__ == "__main__": it ends silently, and the process that started it works alone and says so.
        raise SystemExit(1)
    with process_workers(jobs) as workers:
        yield workers


def _start_worker() -> None:
    """Ctrl-C is the parent's business; a worker whose parent was killed ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


@contextmanager
def _single_threaded_children() -> Iterator[None]:
    before = {variable: os.environ.get(variable) for variable in _THREAD_VARIABLES}
    limit_threads()
    try:
        yield
    finally:
        for variable, value in before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of a running Dask cluster.

    Raises
    ------
    InputError
        If Dask is not installed or the cluster does not answer.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("--scheduler needs Dask: pip install 'ionscape[scale]'") from error
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        yield client.get_executor(pure=False)
