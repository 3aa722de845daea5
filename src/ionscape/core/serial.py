"""Results to bytes and back without pickle: JSON for structure, plain buffers for arrays.

A frozen dataclass marked `storable` is written as its fields under its registered name; only registered
classes are ever built from a file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import IonscapeError
from ionscape.core.estimate import Estimate

T = TypeVar("T")
_CLASSES: dict[str, type] = {}
_TAG = "@"
_MAGIC = b"ionscape result 1\n"
_KINDS = "biufcU"  # numbers and fixed text: nothing that could run


def storable(cls: type[T]) -> type[T]:
    """Class decorator: instances may be written to the cache and read back."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    if not is_dataclass(cls):
        raise TypeError(f"{name} is not a dataclass")
    _CLASSES[name] = cls
    return cls


def encode(value: Any) -> tuple[Any, dict[str, NDArray[Any]]]:
    """JSON types and named arrays that together hold ``value``.

    Raises
    ------
    IonscapeError
        If something in it is of a type that is not storable.
    """
    arrays: dict[str, NDArray[Any]] = {}
    return _encoded(value, arrays), arrays


def decode(record: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Inverse of `encode`."""
    if isinstance(record, list):
        return [decode(v, arrays) for v in record]
    if not isinstance(record, dict):
        return record
    if _TAG not in record:
        return {k: decode(v, arrays) for k, v in record.items()}
    kind = record[_TAG]
    if kind == "array":
        return arrays[record["name"]]
    if kind == "estimate":
        return Estimate.from_json(record["of"])
    if kind == "tuple":
        return tuple(decode(v, arrays) for v in record["of"])
    if kind == "mapping":
        return {k: decode(v, arrays) for k, v in record["of"].items()}
    if kind == "float":
        return float(record["of"])
    if kind == "complex":
        return complex(*(float(part) for part in record["of"]))
    if kind == "path":
        return Path(record["of"])
    if kind not in _CLASSES:
        raise IonscapeError(f"the stored type {kind} is not known: a technique package is missing")
    return _CLASSES[kind](**{k: decode(v, arrays) for k, v in record["of"].items()})


def to_bytes(value: Any) -> bytes:
    """``value`` as one block: the JSON's length, the JSON, then the arrays' own bytes."""
    record, arrays = encode(value)
    places: dict[str, list[Any]] = {}
    blocks, offset = [], 0
    for name, array in arrays.items():
        block = np.ascontiguousarray(array).tobytes()
        places[name] = [array.dtype.str, list(array.shape), offset]
        blocks.append(block)
        offset += len(block)
    head = json.dumps([record, places], allow_nan=False).encode()
    return b"".join([_MAGIC, len(head).to_bytes(8, "little"), head, *blocks])


def from_bytes(content: bytes) -> Any:
    """Inverse of `to_bytes`.

    Raises
    ------
    IonscapeError
        If the content is not such a block, is cut, or names a type that is not allowed.
    """
    start = len(_MAGIC) + 8
    if content[: len(_MAGIC)] != _MAGIC:
        raise IonscapeError("this is not a stored result of this version of ionscape")
    end = start + int.from_bytes(content[len(_MAGIC) : start], "little")
    try:
        record, places = json.loads(content[start:end])
        arrays = {name: _array(content, end, *place) for name, place in places.items()}
        return decode(record, arrays)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise IonscapeError(f"the stored result is damaged: {error!r}") from error


def _array(content: bytes, base: int, kind: str, shape: list[int], offset: int) -> NDArray[Any]:
    dtype = np.dtype(kind)
    if dtype.kind not in _KINDS:
        raise IonscapeError(f"an array of {dtype} is never read from a file")
    flat = np.frombuffer(content, dtype, count=math.prod(shape), offset=base + offset)
    return flat.reshape(shape).copy()


def _encoded(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {_TAG: "float", "of": repr(value)}
    if isinstance(value, Estimate):
        return {_TAG: "estimate", "of": value.to_json()}
    if isinstance(value, (np.ndarray, np.generic)):
        return _encoded_array(np.asarray(value), arrays)
    if isinstance(value, complex):
        return {_TAG: "complex", "of": [repr(value.real), repr(value.imag)]}
    if isinstance(value, Path):
        return {_TAG: "path", "of": value.as_posix()}
    if isinstance(value, tuple):
        return {_TAG: "tuple", "of": [_encoded(v, arrays) for v in value]}
    if isinstance(value, list):
        return [_encoded(v, arrays) for v in value]
    if isinstance(value, Mapping):
        content = {str(k): _encoded(v, arrays) for k, v in value.items()}
        return {_TAG: "mapping", "of": content} if _TAG in content else content
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    if name in _CLASSES:
        content = {f.name: _encoded(getattr(value, f.name), arrays) for f in fields(value) if f.init}
        return {_TAG: name, "of": content}
    raise IonscapeError(f"{name} cannot be stored: mark the dataclass @storable")


def _encoded_array(array: NDArray[Any], arrays: dict[str, NDArray[Any]]) -> Any:
    if array.dtype.kind not in _KINDS:
        raise IonscapeError(f"an array of {array.dtype} cannot be stored")
    if array.ndim == 0:
        return _encoded(array.item(), arrays)
    name = f"a{len(arrays)}"
    arrays[name] = array
    return {_TAG: "array", "name": name}
