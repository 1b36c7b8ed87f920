"""Sphinx configuration of bytedoc's own documentation: the guide to Python bytecode."""

from __future__ import annotations

import os
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
    "contents",
    "data_reference",
    "official_names",
]
primary_domain = "bytedoc"
bytedoc_releases = ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]
# As https://peps.python.org/api/release-cycle.json has them; a month where no day is set yet.
bytedoc_end_of_life = {
    "3.6": "2021-12-23",
    "3.7": "2023-06-27",
    "3.8": "2024-10-07",
    "3.9": "2025-10-31",
    "3.10": "2026-10",
    "3.11": "2027-10",
    "3.12": "2028-10",
    "3.13": "2029-10",
    "3.14": "2030-10",
    "3.15": "2031-10",
}
bytedoc_data = True
bytedoc_frequencies = True
bytedoc_claims_exclude = ["data", "extension/**"]
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

contents_leaves_out = ["opcodes"]
toc_object_entries = False  # the contents, which stand on every page, list pages and headings
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
# Where the site is published, for what must be said in absolute addresses; set in that place.
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL") or os.environ.get("SITE_URL", "")
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["reference.css", "site.css"]
templates_path = ["_templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "bytedoc-switcher.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "bytedoc-joined.html",
        "sidebar/scroll-end.html",
    ]
}

# What the figures draw with and pdflatex does not know.
latex_elements = {
    "preamble": r"""
\usepackage{pmboxdraw}
\DeclareUnicodeCharacter{25B6}{\ensuremath{\blacktriangleright}}
\DeclareUnicodeCharacter{25C4}{\ensuremath{\blacktriangleleft}}
\DeclareUnicodeCharacter{25BC}{\ensuremath{\blacktriangledown}}
\DeclareUnicodeCharacter{25BA}{\ensuremath{\blacktriangleright}}
""",
}
