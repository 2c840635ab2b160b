"""Write where the course is published into every file that says so: `make publish`.

    make publish URL=https://github.com/you/course TAG=v1.0.0
    make publish URL=... TAG=v1.0.0 SITE=https://course.example.org/ WHEEL=1

On Colab the course is installed from the tag, or with WHEEL=1 from the wheel on the
release of that tag, at URL/releases/download/TAG/. SITE is where the pages are served;
if it is not said, GitHub's or GitLab's own address for such a repository.
"""

import argparse
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import nbformat

from notebooks import published

ROOT = published.ROOT

URL = re.compile(r"https://[\w.-]+(:\d+)?(/[\w.-]+){2,}")
TAG = re.compile(r"v(\d+\.\d+\.\d+)")


def checked(url: str, tag: str, site: str) -> tuple[str, str, str]:
    """Return the address, the version and the site's; `ValueError` if one is bad.

    >>> checked("https://github.com/you/course", "v1.0.0", "")
    ('https://github.com/you/course', '1.0.0', 'https://you.github.io/course/')
    """
    if not URL.fullmatch(url) or url.endswith(".git") or url == published.NOWHERE:
        raise ValueError(
            f"URL is {url!r}; expected where the repository can be read, such as "
            "https://github.com/you/course"
        )
    numbers = TAG.fullmatch(tag)
    if not numbers:
        raise ValueError(
            f"TAG is {tag!r}; expected v and three numbers, such as v1.0.0"
        )
    parts = urlsplit(url)
    owner, _, name = parts.path.strip("/").partition("/")
    pages = {"github.com": "github.io", "gitlab.com": "gitlab.io"}
    if not site and parts.netloc not in pages:
        raise ValueError(f"SITE is missing; expected where the pages of {url} will be")
    site = site or f"https://{owner}.{pages[parts.netloc]}/{name}/"
    if not re.fullmatch(r"https?://[^\s\"']+/", site):
        raise ValueError(f"SITE is {site!r}; expected an address that ends with /")
    return url, numbers.group(1), site


def check_clean(root: Path) -> None:
    """Raise `ValueError` if there are changes that nobody has committed."""
    command = ["git", "-C", str(root), "status", "--porcelain"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"{root} is no git repository: {done.stderr.strip()}")
    if lines := done.stdout.splitlines():
        raise ValueError(
            f"{len(lines)} files are changed and not committed, such as "
            f"{lines[0][3:]}: commit them first, so that the tag has them"
        )


def replaced(text: str, pattern: str, line: str, where: str) -> str:
    """Replace the one line that matches; `ValueError` if there is not one."""
    new, count = re.subn(rf"^{pattern}.*$", line, text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"{where} has {count} lines like {pattern!r}; expected one")
    return new


def written(root: Path, url: str, tag: str, site: str, wheel: bool) -> dict[Path, str]:
    """Return the files that name the place, as they should be. Nothing is written."""
    version = tag.removeprefix("v")
    file = f"course_lib-{version}-py3-none-any.whl"
    address = f"{url}/releases/download/{tag}/{file}" if wheel else '""'
    changes = {
        "_config.yml": [
            (r"  url: ", f"  url: {url}"),
            (r"  branch: ", f"  branch: {tag}"),
            (r"  wheel: ", f"  wheel: {address}"),
            (r"  baseurl: ", f"  baseurl: {site}"),
        ],
        "CITATION.cff": [
            (r"version: ", f"version: {version}"),
            (r"(# )?date-released: ", f"date-released: {date.today()}"),
            (r"repository-code: ", f"repository-code: {url}"),
            (r"url: ", f"url: {site}"),
        ],
        "pyproject.toml": [(r"version = ", f'version = "{version}"')],
    }
    files = {}
    for name, lines in changes.items():
        text = (root / name).read_text(encoding="utf-8")
        for pattern, line in lines:
            text = replaced(text, pattern, line, name)
        files[root / name] = text
    return files


def check(root: Path, url: str, tag: str) -> None:
    """Raise `ValueError` if a notebook still leads elsewhere, or is none any more."""
    for path in sorted(root.glob("notebooks/[!.]*/*.ipynb")):
        if path.parent.name == "homework":
            continue
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        text = "\n".join(cell.source for cell in notebook.cells)
        for wanted in (f"{url}/blob/{tag}/", url):
            if wanted not in text:
                raise ValueError(f"{path.name} does not lead to {wanted}: make sync")


LEFT = """\
Published as {tag}, once you have done what no command can do for you:
1. Write into CHANGELOG.md what is new, make test, and commit everything.
2. git tag {tag} && git push {url} HEAD {tag}
3. {release}
4. Let GitHub serve the site: Settings, Pages, Source: GitHub Actions; and Settings,
   Environments, github-pages: allow tags like v*. It will be at {site}
5. Open one chapter on Colab from that site and run it, without a GPU and with one."""
WHEEL = (
    "python -m pip wheel --no-deps . and put {file}\n   on the release of that tag: "
    "notebooks install it from there."
)
NO_WHEEL = "Nothing to upload: Colab installs the package from the tag."


def main() -> int:
    """Rewrite the files, then the notebooks; return 2 and change nothing if refused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--tag", required=True)
    parser.add_argument("--site", default="")
    parser.add_argument("--wheel", action="store_true")
    given = parser.parse_args()
    try:
        url, version, site = checked(given.url.rstrip("/"), given.tag, given.site)
        check_clean(ROOT)
        files = written(ROOT, url, given.tag, site, given.wheel)
    except ValueError as error:
        print(f"publish: {error}", file=sys.stderr)
        return 2
    script = Path(__file__).with_name("sync.py")
    here, finished = {**os.environ, "PYTHONPATH": str(ROOT)}, False
    try:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
        subprocess.run([sys.executable, str(script)], check=True, env=here)
        check(ROOT, url, given.tag)
        finished = True
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"publish: nothing was changed: {error}", file=sys.stderr)
        return 1
    finally:
        if not finished:  # all was committed, so all comes back
            subprocess.run(["git", "-C", str(ROOT), "restore", "."], check=True)
    file = f"course_lib-{version}-py3-none-any.whl"
    release = WHEEL.format(file=file) if given.wheel else NO_WHEEL
    print(LEFT.format(tag=given.tag, url=url, site=site, release=release))
    return 0


if __name__ == "__main__":
    sys.exit(main())
