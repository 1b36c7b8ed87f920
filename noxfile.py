"""The tasks of this repository, each in an environment of its own: ``nox -l`` lists them.

All run on the interpreter that runs nox.  The interpreters that the pages and the tests ask are
found by bytedoc itself.
"""

from __future__ import annotations

import re
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.2.9"  # the first with nox.project.dependency_groups
nox.options.default_venv_backend = "virtualenv"  # comes with nox, so nothing else is needed
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests", "docs"]

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
BUILD = Path("docs/_build")
# Every reference must resolve, a warning fails the build, and all of them are shown.
SPHINX_OPTIONS = ("-n", "-W", "--keep-going", "-j", "auto")
RELEASE = re.compile(r"3\.\d+")


def groups(*names: str) -> tuple[str, ...]:
    """The requirements of these dependency groups."""
    return nox.project.dependency_groups(PYPROJECT, *names)


def install(session: nox.Session, *names: str) -> None:
    """Install bytedoc, as it is here, and these dependency groups."""
    session.install("--editable", ".", *groups(*names))


def targets(posargs: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Split arguments into releases and the rest, which is for Sphinx.

    Returns:
        Each release with the option that selects it, and the other arguments.  Without a release
        among the arguments that is the one of this interpreter, bytedoc's default.
    """
    releases = {
        each: ["-D", f"bytedoc_target={each}"] for each in posargs if RELEASE.fullmatch(each)
    }
    default: dict[str, list[str]] = {f"{sys.version_info.major}.{sys.version_info.minor}": []}
    return releases or default, [each for each in posargs if each not in releases]


def build_each(session: nox.Session, builder: Sequence[str], folder: Path, product: str) -> None:
    """Build docs/ for each release that is asked for, and say where *product* is.

    Reading does not depend on the release, so that all of them share what has been read.

    Args:
        session: its arguments are releases and options of sphinx-build.
        builder: the option that selects the builder.
        folder: gets a folder for each release.
        product: what to open, a pattern within such a folder.
    """
    releases, options = targets(session.posargs)
    built, failed = [], []
    for release, target in releases.items():
        output = folder / release
        try:
            # The builder comes first, for `-M` must; then the two folders, for `-M` as well.
            session.run(
                "sphinx-build",
                *builder,
                "docs",
                str(output),
                *SPHINX_OPTIONS,
                "-d",
                str(BUILD / "doctrees"),
                *target,
                *options,
            )
        except CommandFailed:
            failed.append(release)
        else:
            built += sorted(output.glob(product))
    for path in built:
        print(f"open {path}")
    if failed:
        session.error(f"not built, for the reasons above: {', '.join(failed)}")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the guide: ``nox -s docs``, ``nox -s docs -- 3.8 3.15``; options go to sphinx-build."""
    install(session, "docs")
    build_each(session, ["-b", "html"], BUILD, "index.html")


@nox.session
def pdf(session: nox.Session) -> None:
    """Build the guide as a PDF, for the same arguments; needs latexmk and TeX Live."""
    if shutil.which("latexmk") is None:
        session.error("latexmk is not installed")
    install(session, "docs")
    session.env["LATEXMKOPTS"] = "-interaction=nonstopmode -halt-on-error"
    build_each(session, ["-M", "latexpdf"], BUILD / "pdf", "latex/*.pdf")


@nox.session
def capture(session: nox.Session) -> None:
    """Record what interpreters answer: ``nox -s capture``, ``-- 3.12``, ``-- --check``.

    ``--timings`` measures times anew, unstable ones up to five times; ``--check`` compares instead
    of recording.
    """
    install(session, "docs")
    flags = {"--check", "--timings"} & set(session.posargs)
    named = [each for each in session.posargs if RELEASE.fullmatch(each)]
    others = [each for each in session.posargs if each not in {*flags, *named}]
    wrong = [each for each in others if not each.startswith("-") and "=" not in each]
    if wrong:
        session.error(f"{wrong[0]!r} is no release such as 3.12, and neither --check nor --timings")
    settings = []
    if named:
        settings += ["-D", f"bytedoc_capture_releases={','.join(named)}"]
    if "--timings" in flags:
        settings += ["-D", "bytedoc_capture_timings=1", "-D", "bytedoc_timing_attempts=5"]
    checks = "--check" in flags
    session.run(
        "sphinx-build",
        *("-b", "capture-check" if checks else "capture"),
        *("docs", str(BUILD / "check") if checks else "docs/captures"),
        *SPHINX_OPTIONS,
        *("-d", str(BUILD / "doctrees")),
        *settings,
        *others,
    )


@nox.session
def claims(session: nox.Session) -> None:
    """Look for names of instructions and numbers in prose that nothing stands behind."""
    install(session, "docs")
    session.run(
        *("sphinx-build", "-b", "claims", "docs", str(BUILD / "claims")),
        *SPHINX_OPTIONS,
        *("-d", str(BUILD / "doctrees")),
    )


@nox.session
def site(session: nox.Session) -> None:
    """Build the guides of all releases, and the site that joins them: ``nox -s site``.

    ``-- 3.12 3.13``: of these alone, ``-- --captures-only``: without asking interpreters; options
    for sphinx-build stand after a second ``--``.
    """
    install(session, "docs")
    arguments = list(session.posargs)
    at = arguments.index("--") if "--" in arguments else len(arguments)
    session.run(
        *("python", "-m", "bytedoc.site", "docs", str(BUILD / "site")),
        *("-d", str(BUILD / "doctrees")),
        *arguments[:at],
        *("--", "-n", "-W", "--keep-going"),
        *arguments[at + 1 :],
    )


@nox.session
def live(session: nox.Session) -> None:
    """Serve the guide and rebuild what changes: ``nox -s live``, ``nox -s live -- 3.8``."""
    install(session, "live")
    releases, options = targets(session.posargs)
    if len(releases) > 1:
        session.error("one release at a time")
    for release, target in releases.items():
        session.run(
            "sphinx-autobuild",
            "docs",
            str(BUILD / release),
            "--watch",
            "bytedoc",
            "--ignore",
            str(ROOT / BUILD / "**"),
            "--re-ignore",
            r"__pycache__",
            *SPHINX_OPTIONS,
            "-d",
            str(BUILD / "doctrees"),
            *target,
            *options,
        )


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests: ``nox -s tests``, ``nox -s tests -- -n0 -k timing``."""
    install(session, "tests")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest versions that the requirements allow."""
    session.install("uv")
    session.run(
        "uv",
        "pip",
        "install",
        "--system-certs",  # as pip does
        "--python",
        session.virtualenv.location,
        "--resolution",
        "lowest-direct",
        "--editable",
        ".",
        *groups("tests"),
    )
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session
def fidelity(session: nox.Session) -> None:
    """Compare our listing of every module of the standard library with each interpreter's own."""
    install(session, "tests")
    session.run(
        *("python", "-m", "pytest", "-n", "auto", "tests/test_fidelity.py", "--full"),
        *session.posargs,
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks; arguments are theirs: ``nox -s bench -- --help``."""
    install(session, "bench")
    session.run("python", "tests/benchmarks", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and spelling, and the files that hosts read."""
    session.install(*groups("lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")
    session.run("codespell")
    for schema, files in (
        ("vendor.github-workflows", sorted(Path(".github/workflows").glob("*.yml"))),
        ("vendor.readthedocs", [Path(".readthedocs.yaml")]),
    ):
        session.run("check-jsonschema", "--builtin-schema", schema, *map(str, files))


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the package, of the tests and of this file."""
    install(session, "types")
    session.run("mypy", *session.posargs)


@nox.session
def package(session: nox.Session) -> None:
    """Build what is published, and use it in a project that is not ours."""
    session.install(*groups("package"))
    work = Path(session.create_tmp()).resolve()
    shutil.rmtree(work)
    dist, project, python = work / "dist", work / "project", work / "venv" / "bin" / "python"
    if sys.platform == "win32":
        python = work / "venv" / "Scripts" / "python.exe"

    session.run("python", "-m", "build", "--outdir", str(dist))
    (wheel,) = dist.glob("*.whl")
    (sdist,) = dist.glob("*.tar.gz")
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    with zipfile.ZipFile(wheel) as archive:
        check_contents(session, wheel, archive.namelist(), package_files())
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
        check_contents(session, sdist, names, [*package_files(), "docs/conf.py", "noxfile.py"])
        if not any(name.startswith("tests/test_") for name in names):
            session.error(f"{sdist.name} has no tests")

    session.run("python", "-m", "virtualenv", "--quiet", str(work / "venv"))
    session.run(str(python), "-m", "pip", "install", "--quiet", str(wheel), external=True)
    project.mkdir()
    (project / "conf.py").write_text('extensions = ["bytedoc"]\n', encoding="utf-8")
    (project / "index.rst").write_text(PAGE, encoding="utf-8")
    with session.chdir(project):  # from elsewhere, so that the wheel is what is imported
        for builder, page in (("html", "index.html"), ("text", "index.txt")):
            session.run(
                *(str(python), "-m", "sphinx", "-n", "-W", "-b", builder, ".", builder),
                external=True,
            )
            shown = (project / builder / page).read_text(encoding="utf-8")
            if not re.search("RETURN_VALUE|RETURN_CONST", shown):
                session.error(f"{page} shows no bytecode:\n{shown}")


PAGE = """\
A page
======

.. bytedoc:dis::

   def add(a, b):
       return a + b
"""


def package_files() -> list[str]:
    """The files of the package, relative to the repository."""
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "bytedoc").rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]


def check_contents(
    session: nox.Session, archive: Path, names: Iterable[str], wanted: Iterable[str]
) -> None:
    """Fail if *archive*, which holds *names*, lacks one of *wanted*."""
    missing = sorted(set(wanted) - set(names))
    if missing:
        session.error(f"{archive.name} lacks {', '.join(missing)}")
