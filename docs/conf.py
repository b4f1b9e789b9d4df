"""How the documentation is built."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import scrypath

project = "Scrypath"
author = "the Scrypath maintainers"
copyright = "2026, the Scrypath maintainers"  # noqa: A001 - Sphinx's own name
release = scrypath.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "frame_schemas",
    "value_types",
    "command_line",
    "telemetry_spans",
]
exclude_patterns = ["_build", "jupyter_execute"]
html_theme = "furo"
html_title = f"Scrypath {release}"
nb_execution_mode = "off"  # the notebooks are executed and checked by make test
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
autodoc_typehints = "none"
autodoc_member_order = "bysource"
