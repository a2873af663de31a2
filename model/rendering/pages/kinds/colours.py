"""Colours that documents have."""

from __future__ import annotations

import random

_ACCENTS = (
    "#8b1a1a",
    "#0b4f6c",
    "#14532d",
    "#5b21b6",
    "#b45309",
    "#1e3a8a",
    "#9d174d",
    "#065f46",
    "#334155",
    "#7c2d12",
    "#0e7490",
    "#c2410c",
)
_PAPERS = ("#fff", "#fff", "#fff", "#fffef8", "#fdf6e3", "#f5f0e1", "#f4f4f4", "#faf3dd", "#eef3f7")


def paper(rng: random.Random) -> str:
    return rng.choice(_PAPERS)


def ink(rng: random.Random) -> str:
    return rng.choice(("#000", "#000", "#111", "#222", "#1a1208", "#23303d"))


def accent(rng: random.Random) -> str:
    return rng.choice(_ACCENTS)


def accents(rng: random.Random) -> list[str]:
    return rng.sample(_ACCENTS, 6)


def ground(rng: random.Random) -> tuple[str, str]:
    """A CSS background that is dark or light, often a gradient, and a colour of text to be read on it."""
    hue, dark = rng.randint(0, 360), rng.random() < 0.6
    spread = rng.randint(-50, 50)
    low, high = (8, 34) if dark else (78, 96)
    first, second = (f"hsl({(hue + k * spread) % 360} {rng.randint(20, 85)}% {rng.randint(low, high)}%)" for k in (0, 1))
    shape = rng.choice((f"linear-gradient({rng.randint(0, 360)}deg,{first},{second})", f"radial-gradient({first},{second})", first))
    text = rng.choice(("#fff", "#fff", "#ffe9b0", "#e8f1ff")) if dark else rng.choice(("#111", "#1b2a49", f"hsl({hue} 70% 18%)"))
    return shape, text
