"""Sphinx configuration of bytedoc's own documentation: the guide to Python bytecode."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

import bytedoc

project = "bytedoc"
author = "The bytedoc authors"
project_copyright = "The bytedoc authors"
version = release = bytedoc.__version__

extensions = [
    "bytedoc",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_autodoc_typehints",
    "configuration_reference",
]
primary_domain = "bytedoc"
exclude_patterns = ["_build"]
nitpicky = True
default_role = "any"  # `Example` in a docstring
nitpick_ignore_regex = [
    # of Python and other projects, whose inventories would have to be fetched for each build
    (r"py:.*", r"(?!bytedoc\.).*"),
]
suppress_warnings = [
    # docutils.nodes defines types for type checkers alone, and they can't be evaluated
    "sphinx_autodoc_typehints.guarded_import",
]
language = "en"

myst_enable_extensions = ["colon_fence", "deflist", "smartquotes", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False  # those of Sphinx are written for Sphinx's own pages
napoleon_use_ivar = True
always_use_bars_union = True
typehints_defaults = "comma"
typehints_use_signature = True
typehints_use_signature_return = True
typehints_document_rtype = False
maximum_signature_line_length = 88
# sphinx-autodoc-typehints 3.6 on Sphinx 9: nothing that this project could mend
warnings.filterwarnings("ignore", message=r".*_RstSnippetParser\.set_application")

html_theme = "furo"
html_title = "bytedoc"
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["reference.css"]

# What the figures draw with and pdflatex does not know.
latex_elements = {
    "preamble": r"""
\DeclareUnicodeCharacter{25BC}{\ensuremath{\blacktriangledown}}
\DeclareUnicodeCharacter{25BA}{\ensuremath{\blacktriangleright}}
""",
}
