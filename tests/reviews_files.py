"""Small copies of the published archives, a server for them, and no other network."""

import io
import os
import socket
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from course_lib.reviews import archives
from course_lib.reviews.imdb import archive as official

REAL = Path(
    os.environ.get("COURSE_DATA") or Path(__file__).parents[2] / "shared" / "data"
)
COUNTS = {
    "train/neg": 12,
    "train/pos": 12,
    "train/unsup": 9,
    "test/neg": 6,
    "test/pos": 6,
}


def needed(*files):
    """Return the marks of a test of real files, which is skipped where they are not."""
    missing = [file for file in files if not (REAL / file).exists()]
    skip = pytest.mark.skipif(bool(missing), reason=f"{missing} not in COURSE_DATA")
    return [pytest.mark.real_data, skip] if files else []


def needs(*files):
    """Mark a test with what `needed` returns."""
    real_data, skip = needed(*files)
    return lambda test: real_data(skip(test))


def make_small_world(monkeypatch, tmp_path):
    """Small archives, an empty cache, no network, no patience."""
    block_network(monkeypatch)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(archives, "RETRIES", 0)
    for group, count in COUNTS.items():
        monkeypatch.setitem(official.EXPECTED, group, count)


def imdb_members():
    """Name -> content of a small archive in the official layout, leaks included.

    Films are `tt` and seven digits, three reviews to a film, none shared but one.
    """
    members = {}
    for group, count in COUNTS.items():
        split, kind = group.split("/")
        films = []
        for number in range(count):
            stars = {"neg": 1 + number % 4, "pos": 7 + number % 4, "unsup": 0}[kind]
            text = f"{group} review {number}<br /><br />caf\u00e9 &amp; more"
            members[f"aclImdb/{group}/{number}_{stars}.txt"] = text.encode()
            films.append(f"{list(COUNTS).index(group)}{number // 3:06d}")
        if group == "train/neg":
            films[-1] = f"{list(COUNTS).index('test/neg')}000000"  # in test too
        lines = [f"http://www.imdb.com/title/tt{film}/usercomments" for film in films]
        members[f"aclImdb/{split}/urls_{kind}.txt"] = "\n".join(lines).encode()
    # In another case and with other white space, which must not matter.
    leak = members["aclImdb/test/pos/0_7.txt"].upper().replace(b"<BR /><BR />", b"\n")
    members["aclImdb/train/pos/1_8.txt"] = leak
    members["aclImdb/train/unsup/2_0.txt"] = members["aclImdb/train/neg/0_1.txt"]
    members["aclImdb/train/unsup/3_0.txt"] = members["aclImdb/train/unsup/4_0.txt"]
    return members


def write_tar(path, members):
    """Write a .tar.gz; a value that is a TarInfo is added as it is, without content."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def write_zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def block_network(monkeypatch):
    """Let no socket reach anything but this machine."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def local_only(self, address):
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1"):
            raise OSError(f"blocked in tests: {address}")
        return connect(self, address)

    def local_names(host, *args, **kwargs):
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise socket.gaierror(socket.EAI_NONAME, f"blocked in tests: {host}")
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", local_only)
    monkeypatch.setattr(socket, "getaddrinfo", local_names)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def serving(*answers):
    """A server that gives each request the next answer, and the last one from then on.

    An answer is (status, content, promised length). Yields the address and the list of
    paths that were asked for.
    """
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, content, length = answers[min(len(asked), len(answers) - 1)]
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/file", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
