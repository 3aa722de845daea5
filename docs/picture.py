"""Picture of a report: renders a ``report.html`` in headless Chromium at twice the resolution.

    python docs/picture.py llto-results/report.html docs/report.png --width 1200 --height 1500

Needs Chromium or Chrome on the PATH; nothing is fetched from the network.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip


def picture(page: Path, target: Path, width: int = 1200, height: int = 1500, scale: float = 2.0) -> None:
    """Write the top ``height`` pixels of ``page`` at ``scale`` times the resolution to ``target`` (PNG)."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit(f"no browser found: install one of {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [browser, *QUIET, f"--user-data-dir={profile}", f"--window-size={width},{height}",
             f"--force-device-scale-factor={scale:g}", "--virtual-time-budget=15000",
             f"--screenshot={target.resolve()}", page.resolve().as_uri()],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
    if not target.is_file():
        raise SystemExit(f"{browser} wrote no picture")


def main() -> None:
    """Command line."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("page", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--width", type=int, default=1200)
    parser.add_argument("--height", type=int, default=1500)
    parser.add_argument("--scale", type=float, default=2.0)
    given = parser.parse_args()
    picture(given.page, given.target, given.width, given.height, given.scale)
    print(given.target, file=sys.stdout)


if __name__ == "__main__":
    main()
