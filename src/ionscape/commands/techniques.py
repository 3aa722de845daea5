"""``ionscape techniques``."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import click

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ionscape.core.registry import Analysis, Technique


@click.command(short_help="What a study can use: analyses, fields, units, defaults.")
@click.argument("name", required=False)
def techniques(name: str | None) -> int:
    """List the techniques.

    With NAME: a technique's fields and analyses (impedance), or one analysis (impedance.fit).
    """
    from ionscape.core.errors import InputError, IonscapeError
    from ionscape.core.registry import technique, technique_names
    from ionscape.study.problems import suggestion

    if name is None:
        for known in technique_names():
            try:
                click.echo(f"{known:<16}{technique(known).summary}")
            except IonscapeError as error:
                click.echo(f"{known:<16}cannot be used: {error}")
        return 0
    family = name.partition(".")[0]
    if family not in technique_names():
        raise InputError(f"no technique {family!r}: {suggestion(family, technique_names())}")
    found = technique(family)
    chosen = [analysis for analysis in found.analyses if name in (family, analysis.name)]
    if not chosen:
        raise InputError(f"no analysis {name!r}: {suggestion(name, [a.name for a in found.analyses])}")
    lines = _technique(found) if name == family else []
    for analysis in chosen:
        lines += ["", *_analysis(analysis)] if lines else _analysis(analysis)
    click.echo("\n".join(lines))
    return 0


def _technique(found: Technique) -> list[str]:
    lines = [f"{found.name}: {found.summary}"]
    if found.measurement is not None or any(a.works_on_measurements for a in found.analyses):
        from ionscape.study.measurements import MeasurementFields

        lines += ["", "fields of a measurement", *_fields(MeasurementFields)]
        if found.measurement is not None:
            lines += _fields(found.measurement)
    return lines


def _analysis(analysis: Analysis) -> list[str]:
    lines = [f"{analysis.name}: {analysis.summary}"]
    if analysis.works_on_measurements:
        lines.append(_line("on", "a measurement", "required", ""))
    for key in analysis.all_inputs:
        unit = analysis.input_dimensions.get(key)
        what = "results, e.g. arcs.conductivity_total, or a value" + (f" [{unit}]" if unit else "")
        default = ""
        if key in analysis.default_inputs:
            use, quantity = analysis.default_inputs[key]
            default = f"default {quantity} of the only {use} on the sample, if there is one"
        lines.append(_line(key, what, "required" if key in analysis.inputs else default, ""))
    lines += _fields(analysis.options)
    if analysis.outputs:
        lines.append("  gives " + ", ".join(f"{q} [{unit}]" for q, unit in analysis.outputs.items()))
    return lines


def _fields(model: type[BaseModel]) -> list[str]:
    lines = []
    for name, field in model.model_fields.items():
        if field.is_required():
            default = "required"
        else:
            default = _default(field.get_default(call_default_factory=True))
        lines.append(_line(name, _words(field.annotation), default, field.description or ""))
    return lines


def _line(name: str, kind: str, default: str, description: str) -> str:
    start = f"  {name:<24}{kind}" + (f", {default}" if default else "")
    return f"{start}: {description}" if description else start


def _default(value: Any) -> str:
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, (list, tuple)):
        return f"default {', '.join(str(getattr(v, 'text', None) or v) for v in value)}"
    if isinstance(value, bool):
        return f"default {str(value).lower()}"
    text = getattr(value, "text", None) or value
    return f"default {text}"


def _words(annotation: Any) -> str:
    """A type in a user's words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(str(a) for a in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(a) for a in arguments if a is not types.NoneType))
    if origin in (list, tuple, set, frozenset):
        inner = [a for a in arguments if a is not Ellipsis]
        return f"list of {_words(inner[0])}" if inner else "list"
    if origin is dict:
        return "mapping"
    if origin is not None and arguments:
        return _words(arguments[0])
    plain = {float: "number", int: "whole number", str: "text", bool: "true | false", Any: "text"}
    known: str | None = plain.get(annotation)
    if known is not None:
        return known
    name = getattr(annotation, "__name__", str(annotation))
    if name in ("Quantity", "Estimate"):
        return "quantity"
    return "text" if "text" in getattr(annotation, "__dataclass_fields__", ()) else name
