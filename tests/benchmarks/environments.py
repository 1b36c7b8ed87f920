"""A virtual environment for each tool, so that none limits the versions of another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

# What is beside the package and is not needed to build it.
_NOT_FOR_THE_WHEEL = shutil.ignore_patterns(
    ".git",
    ".nox",
    ".venv",
    "build",
    "dist",
    "tests",
    "_build",
    "__pycache__",
    ".*_cache",
    "*.egg-info",
)
_DISTRIBUTIONS = """\
import importlib.metadata, json
print(json.dumps({each.name.lower(): each.version for each in importlib.metadata.distributions()}))
"""


class InstallationError(Exception):
    """What a tool needs can't be installed here; the message holds the end of pip's output."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, by its interpreter, with the versions of what is installed in it."""

    python: Path
    versions: dict[str, str]

    def version(self, distribution: str) -> str:
        """Return the installed version of ``distribution``, or ``"none"``."""
        return self.versions.get(distribution.lower(), "none")


def create(folder: Path, requirements: Sequence[str], *, package: bool) -> Environment:
    """Return an environment in ``folder`` with ``requirements``, and with bytedoc if ``package``.

    An environment that is already there for the same requirements is used again, but for bytedoc,
    whose wheel is built and installed anew. Raises `InstallationError`.
    """
    python = folder / "bin" / "python"
    marker = folder / "requirements.json"
    wanted = json.dumps([sys.version, *requirements])
    if not (marker.is_file() and marker.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", folder])
        _run([python, "-m", "pip", "install", "--quiet", *requirements])
        marker.write_text(wanted, encoding="utf-8")
    if package:
        _install_package(python)
    # Everything that a build imports has its bytecode cache before the first build, on both sides
    # of each ratio.
    compiling = [str(python), "-m", "compileall", "-q", "-j", "0", str(folder / "lib")]
    subprocess.run(compiling, env=_environment(), capture_output=True, check=False)
    return Environment(python, json.loads(_run([python, "-I", "-c", _DISTRIBUTIONS])))


def _install_package(python: Path) -> None:
    """Build the wheel from a copy, so that nothing is left in the repository, and install it."""
    with tempfile.TemporaryDirectory() as name:
        copy, wheels = Path(name, "bytedoc"), Path(name, "wheels")
        shutil.copytree(REPOSITORY, copy, ignore=_NOT_FOR_THE_WHEEL)
        _run([python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, copy])
        (wheel,) = wheels.glob("*.whl")
        _run([python, "-m", "pip", "install", "--quiet", wheel])
        _run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", wheel])


def _environment() -> dict[str, str]:
    unwanted = ("PYTHON", "VIRTUAL_ENV")
    return {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}


def _run(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    if done.returncode:
        raise InstallationError(
            f"{' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-1500:]}"
        )
    return done.stdout
