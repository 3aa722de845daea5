"""``arrays.zarr``: every array of a run, one group per analysis (zarr version 3).

A study of a thousand spectra has thousands of small arrays, and zarr takes 4 ms for each. Small arrays are
therefore written as one uncompressed chunk under the description that zarr itself makes once for each shape
and type; large ones are left to zarr, chunked and compressed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ionscape.study.result import StudyResult

SMALL = 1_000_000  # bytes
_UNSAFE = re.compile(r'[\\:*?"<>|\x00-\x1f]')


def write_arrays(result: StudyResult, folder: Path) -> None:
    """Write the arrays of all analyses as ``<analysis>/<name>`` below ``folder`` (a new zarr group)."""
    made: set[Path] = set()
    _make_group(folder, made)
    large: list[tuple[str, NDArray[Any]]] = []
    for record in result.analyses:
        taken: set[str] = set()
        for name, values in record.outcome.arrays.items():
            path = _free("/".join((_node(record.name), *_nodes(name))), taken)
            array = np.asarray(values)
            if array.nbytes > SMALL or array.dtype.kind not in "biufc" or array.size == 0:
                large.append((path, array))
                continue
            node = folder / path
            _make_group(node.parent, made)
            _write_small(node, array)
    _write_large(folder, large)


def _make_group(group: Path, made: set[Path]) -> None:
    """The group and, before it, the groups that it lies in."""
    if group in made:
        return
    if made:
        _make_group(group.parent, made)
    group.mkdir()  # fails where one array's name is another's group
    (group / "zarr.json").write_bytes(_description(None, ""))
    made.add(group)


def _write_small(node: Path, array: NDArray[Any]) -> None:
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    node.mkdir()
    (node / "zarr.json").write_bytes(_description(array.shape, little.dtype.str))
    (node / ".".join("0" * max(array.ndim, 1))).write_bytes(little.tobytes())


@cache
def _description(shape: tuple[int, ...] | None, dtype: str) -> bytes:
    """What zarr writes into ``zarr.json`` for a group (no shape) or an array of one uncompressed chunk."""
    from zarr import create_array, create_group
    from zarr.storage import MemoryStore

    files: dict[str, Any] = {}
    store = MemoryStore(files)
    if shape is None:
        create_group(store)
    else:
        # chunk keys "0.0" need no folder of their own
        keys: Any = {"name": "v2", "separator": "."}
        create_array(store, shape=shape, chunks=shape, dtype=dtype, compressors=None, filters=None,
                     chunk_key_encoding=keys)  # fmt: skip
    content = files["zarr.json"].to_bytes()
    assert isinstance(content, bytes)
    return content


def _write_large(folder: Path, arrays: Iterable[tuple[str, NDArray[Any]]]) -> None:
    import zarr

    root = zarr.open_group(str(folder), mode="a")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr on text: "no specification yet"; its own reader is what counts
        for path, array in arrays:
            root.create_array(path, data=array)


def _nodes(name: str) -> list[str]:
    return [_node(part) for part in name.split("/") if part] or ["array"]


def _node(name: str) -> str:
    """A name that is a file name everywhere and nothing special to zarr."""
    plain = _UNSAFE.sub("_", name.replace("/", "_"))
    return "_" + plain if plain.startswith(("__", ".")) or plain in ("c", "zarr.json", "") else plain


def _free(path: str, taken: set[str]) -> str:
    """``path``, with a number added where the replaced signs made two names one."""
    free, n = path, 1
    while free in taken:
        n += 1
        free = f"{path}_{n}"
    taken.add(free)
    return free
