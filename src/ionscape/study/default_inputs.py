"""Inputs that a study leaves out and that one analysis of the same sample gives: taken, and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ionscape.core.registry import Analysis
from ionscape.study.model import AnalysisPlan, Reference
from ionscape.study.problems import Place, Problems, listed

NONE = "none"
"""What a study writes for an optional input that is not to be taken by default either."""


def is_given(fields: Mapping[str, Any], key: str) -> bool:
    """Whether a study gives an input, with something else than `NONE`."""
    return fields.get(key) not in (None, [], "", NONE)


def check_alternatives(use: Analysis, fields: Mapping[str, Any], place: Place, problems: Problems) -> None:
    """Note inputs that mean the same and are both given."""
    for group in use.alternatives:
        given = [key for key in group if is_given(fields, key)]
        if len(given) > 1:
            said = f"give either {given[0]!r} or {given[1]!r}, not both: they mean the same"
            problems.add((*place, given[1]), said)


def with_defaults(
    plans: Mapping[str, AnalysisPlan], uses: Mapping[str, Analysis], content: Mapping[str, Any]
) -> tuple[dict[str, AnalysisPlan], list[str]]:
    """The plans with the inputs that are taken by default, and what to say of it.

    Parameters
    ----------
    plans, uses : mapping of str to AnalysisPlan, to Analysis
    content : mapping
        The analyses as written.

    Notes
    -----
    An input is taken where the study says nothing of it and of its alternatives, the analysis belongs to a
    sample, and exactly one analysis of the wanted kind belongs to the same.
    """
    found, notes = dict(plans), []
    for name, plan in plans.items():
        for key, (wanted, quantity) in uses[name].default_inputs.items():
            if not plan.sample or _spoken_of(key, uses[name], content[name]):
                continue
            there = [n for n, other in plans.items() if other.use == wanted and other.sample == plan.sample]
            if len(there) > 1:
                notes.append(f"{name}: {key} is not taken from any of {listed(there)}: name one, e.g. "
                             f"'{key}: {there[0]}.{quantity}', or write '{key}: {NONE}'")  # fmt: skip
            elif there and there[0] != name:
                found[name] = _taking(found[name], key, there[0], quantity)
                notes.append(f"{name}: {key} is taken from {there[0]}.{quantity}, as the study names none "
                             f"('{key}: {NONE}' leaves it out)")  # fmt: skip
    return found, notes


def _spoken_of(key: str, use: Analysis, fields: Mapping[str, Any]) -> bool:
    """Whether the study says something of an input (``none`` included), or gives what means the same."""
    others = {other for group in use.alternatives if key in group for other in group} - {key}
    return key in fields or any(is_given(fields, other) for other in others)


def _taking(plan: AnalysisPlan, key: str, analysis: str, quantity: str) -> AnalysisPlan:
    reference = Reference(analysis, quantity, by_default=True)
    shown = {**plan.options, key: f"{analysis}.{quantity} (taken by default)"}
    return replace(plan, inputs={**plan.inputs, key: (reference,)}, options=shown)
