"""What a first visit to the built site costs.

    python -m benchmarks.first_visit [pages]

For each page: kilobytes as a plain file server sends them, and seconds until the page
answers: until its scripts are loaded and the last task that kept the browser busy for
50 ms or longer has ended. The least of three visits, each with nothing kept.
"""

import functools
import http.server
import shutil
import sys
import threading
from pathlib import Path

from playwright.sync_api import Browser, Request, sync_playwright

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
KINDS = [
    "book/intro",
    "notebooks/foundations/softmax",
    "notebooks/foundations/kl-divergence",
    "notebooks/sentiment/bert-to-small",
    "book/results",
    "book/bibliography",
    "book/zh/index",
]
#: Start to watch before the page's own scripts do.
WATCH = """window.busy = 0;
new PerformanceObserver(list => { for (const task of list.getEntries())
    window.busy = Math.max(window.busy, task.startTime + task.duration);
}).observe({type: 'longtask', buffered: true});"""


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def visit(browser: Browser, address: str) -> tuple[dict[str, int], float]:
    """Return the bytes of each file, and milliseconds until the page answers."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    finished: list[Request] = []
    page.on("requestfinished", lambda request: finished.append(request))
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(1000)
    answers = page.evaluate(
        "Math.max(busy, performance.timing.domContentLoadedEventEnd"
        " - performance.timing.navigationStart)"
    )
    sent = {request.url: request.sizes()["responseBodySize"] for request in finished}
    context.close()
    return sent, answers


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not SITE.is_dir() or not chromium:
        print("Needs Chromium and a built site: make book", file=sys.stderr)
        return 2
    handler = functools.partial(Handler, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{'page':40} {'kB':>6} {'files':>5} {'seconds':>7}  heaviest")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        for name in sys.argv[1:] or KINDS:
            address = f"http://127.0.0.1:{server.server_port}/{name}.html"
            visits = [visit(browser, address) for _ in range(3)]
            sent, answers = min(visits, key=lambda pair: pair[1])
            heaviest = sorted(sent, key=lambda url: -sent[url])[:3]
            files = ", ".join(
                f"{url.rpartition('/')[2].partition('?')[0]} {sent[url] // 1000}"
                for url in heaviest
            )
            total = sum(sent.values()) / 1000
            print(
                f"{name:40} {total:6.0f} {len(sent):5} {answers / 1000:7.2f}  {files}"
            )
        browser.close()
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
