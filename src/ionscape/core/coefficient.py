"""Which diffusion coefficient is it? The kinds that techniques measure, and the channels they belong to."""

from __future__ import annotations

from collections.abc import Mapping

# Key: symbol in HTML-free text; value: what it is.
KINDS: Mapping[str, str] = {
    "D*": "tracer diffusion coefficient (single ions, isotope exchange)",
    "D_NMR": "self-diffusion coefficient from NMR with pulsed field gradients (single ions)",
    "D_sigma": "diffusion coefficient that a conductivity stands for (Nernst-Einstein, collective)",
    "D_CAIT": "diffusion coefficient from charge-attachment induced transport (collective)",
    "D_chemical": "chemical diffusion coefficient in a gradient of composition",
    "D_MD": "self-diffusion coefficient from molecular dynamics (single ions)",
}
SINGLE_ION = ("D*", "D_NMR", "D_MD")
COLLECTIVE = ("D_sigma", "D_CAIT")

CHANNELS: Mapping[str, str] = {
    "bulk": "inside the grains",
    "boundary": "across grain boundaries, as (l/δ) D_gb with the grain size l and the boundary width δ",
    "effective": "over many grains, boundaries included",
}

_SYMBOLS = {"D*": "D*", "D_NMR": "D_NMR", "D_sigma": "D_σ", "D_CAIT": "D_CAIT", "D_chemical": "D̃",
            "D_MD": "D_MD"}  # fmt: skip


def symbol_of(kind: str, channel: str = "") -> str:
    """What a table prints: ``D_σ,bulk``; ``D`` where the kind is not known."""
    symbol = _SYMBOLS.get(kind, "D")
    if not channel:
        return symbol
    return f"{symbol},{channel}" if "_" in symbol else f"{symbol} ({channel})"
