"""Executors."""

from __future__ import annotations

import os
import sys

import pytest

from ionscape.core.errors import InputError
from ionscape.study.workers import InlineExecutor, dask_executor, local_executor, usable_cores


def test_inline_does_it_at_once_and_keeps_the_exception() -> None:
    with InlineExecutor() as pool:
        assert pool.submit(divmod, 7, 2).result() == (3, 1)
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 7, 0).result()


def test_processes_have_one_thread_each_and_the_environment_is_put_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with local_executor(2) as pool:
        assert pool.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_one_job_needs_no_process() -> None:
    with local_executor(1) as pool:
        assert pool.submit(os.getpid).result() == os.getpid()


def test_there_is_a_core() -> None:
    assert usable_cores() >= 1


def test_a_cluster_without_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(InputError, match=r"--scheduler needs Dask: pip install 'ionscape\[scale\]'"),
        dask_executor("tcp://nowhere:1"),
    ):
        pass
