"""How Sphinx makes the pages: `sphinx-build -W docs build/docs`."""

import os
import pathlib
import posixpath
import re
import shutil

import microtrain

# Pages that are a file from elsewhere; what stands in the page itself comes after it.
ROOT = pathlib.Path(__file__).parent.parent
FILES = {
    "index": "README.md",
    "examples": "examples/README.md",
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
}

project = "microtrain"
author = copyright = "The microtrain contributors"
release = version = microtrain.__version__

extensions = [
    "myst_parser",  # pages in Markdown
    "sphinx.ext.autodoc",  # the reference, from docstrings and annotations
    "sphinx.ext.napoleon",  # "Args:" and "Attributes:" in docstrings
    "sphinx.ext.viewcode",  # the source of each thing, one click away
]

# `name` in a docstring is code, and a link where the reference has a thing of that name.
default_role = "py:obj"
add_module_names = False
python_use_unqualified_type_names = True
maximum_signature_line_length = 80
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "special-members": "__call__, __pow__, __abs__"}
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Attributes", "params_style")]
smartquotes_action = "De"  # dashes; quotes stay straight, as in '""'

myst_heading_anchors = 3

html_theme = "furo"
html_title = "microtrain"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]
exclude_patterns = ["try/*"]


def any_number(app, what, name, obj, options, signature, result):
    """Show that operations, written down for floats, take Values, and what they return."""
    if what == "function" and hasattr(obj, "entry"):
        both = "float | Value"
        varies = obj.entry.slopes != (None,)
        return signature.replace("float", both), both if varies else "float"
    return None


def file_from_elsewhere(app, docname, source):
    """Put the file into its page, with relative links as they are seen from here."""
    if docname in FILES:
        path = ROOT / FILES[docname]
        app.env.note_dependency(str(path))
        text, folder = path.read_text(encoding="utf-8"), os.path.dirname(FILES[docname])

        def seen_from_here(link):
            return "](" + posixpath.normpath(f"../{folder}/{link[1]}").replace("../docs/", "")

        source[0] = re.sub(r"\]\((?!\w+:|#)([^)]+)", seen_from_here, text) + "\n" + source[0]
    source[0] = source[0].replace("\n\n```\n", "\n```\n")  # the empty line is for doctest
    for page, file in FILES.items():
        source[0] = source[0].replace(f"](../{file}", f"]({page}.md")


def add_try(app, exception):
    """Put the page that runs Python beside the others, and the library where it finds it."""
    if exception is None and app.builder.format == "html":
        target = pathlib.Path(app.outdir, "try")
        shutil.copytree(ROOT / "docs" / "try", target, dirs_exist_ok=True)
        shutil.make_archive(str(target / "microtrain"), "zip", ROOT / "src", "microtrain")


def setup(app):
    app.connect("source-read", file_from_elsewhere)
    app.connect("autodoc-process-signature", any_number)
    app.connect("build-finished", add_try)
