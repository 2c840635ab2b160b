"""The built site: where it is, its pages, and how tests serve it."""

import http.server
from pathlib import Path

import pytest
import yaml
from chromium import CHROMIUM

ROOT = Path(__file__).resolve().parent.parent.parent
SITE = ROOT / "_build" / "html"

toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [c["file"] for part in toc["parts"] for c in part["chapters"]]
NOTEBOOKS = [page for page in CHAPTERS if page.startswith("notebooks/")]
PAGES = [toc["root"], *CHAPTERS]
#: One of each kind: the first page, a chapter, wide tables, a list of sources, Chinese.
KINDS = [
    PAGES[0],
    "notebooks/foundations/softmax",
    "book/results",
    "book/bibliography",
    "book/zh/index",
]
#: Pages that nobody wrote.
MADE = ["search", "genindex", "404"]

needed = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not SITE.is_dir(), reason="no site: run make book first"),
]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files as they are, and 404.html for what is not there."""

    def log_message(self, *_):
        pass

    def send_error(self, code, *rest):
        if code != 404:
            super().send_error(code, *rest)
            return
        page = (SITE / "404.html").read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)
