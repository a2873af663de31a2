"""What MkDocs does not do by itself: the documents of the root as pages, and links that hold there as well as in the repository.

Where it stands: ``mkdocs.yml`` names it. The documents are written for a reader of the repository, where README.md lies above docs/.
A link to a file of code has no page to go to: its text stays.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
#: Files of the root, and what they are called among the pages.
PAGES = {
    "README.md": "start.md",
    "MODEL_CARD.md": "model-card.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "LICENSE.txt",
    "NOTICE": "NOTICE.txt",
}
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<path>[^)#\s:]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """MkDocs' event: adds the documents of the root."""
    for name, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """MkDocs' event: links of one page, before they are resolved."""
    of_root = page.file.src_uri in PAGES.values()

    def link(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("" if of_root else "docs", match["path"]))  # from the root of the repository
        target = PAGES.get(path) or path.removeprefix("docs/")
        if target == path and files.get_file_from_path(target) is None:
            return match["text"]
        return f"{match['image']}[{match['text']}]({target}{match['anchor'] or ''})"

    return _LINK.sub(link, markdown)
