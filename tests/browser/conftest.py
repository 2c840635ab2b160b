"""The browser of these tests, the server of the site, and a page that remembers."""

import functools
import http.server
import threading

import pytest
from built_site import SITE, Handler
from chromium import CHROMIUM, FLAGS


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site():
    handler = functools.partial(Handler, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def opened(browser, site, name, width, theme):
    """A page as somebody sees it who has never been here."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme
    )
    page = context.new_page()
    page.complaints, page.foreign, page.received = [], [], []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda m: page.complaints.append(m.text) if m.type == "error" else None,
    )
    page.on(
        "request",
        lambda r: (
            None
            if r.url.startswith((site, "data:", "blob:"))
            else page.foreign.append(r.url)
        ),
    )
    page.on("requestfinished", lambda r: page.received.append(r))
    page.goto(f"{site}/{name}.html", wait_until="load")
    page.wait_for_function("!window.MathJax || !!MathJax.startup?.promise")
    page.evaluate("window.MathJax?.startup?.promise")
    return page


@pytest.fixture
def open_page(site, browser):
    """Open a page and remember what it asked for, got, and complained about."""
    pages = []

    def open_it(name, width=1280, theme="light"):
        pages.append(opened(browser, site, name, width, theme))
        return pages[-1]

    yield open_it
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def visit(site, browser):
    """The same, but tests of one page that follow each other share their visits."""
    visits = {}

    def open_it(name, width=1280, theme="light"):
        key = (name, width, theme)
        if key not in visits:
            while len(visits) >= 3:  # light, dark and on a phone
                visits.pop(next(iter(visits))).context.close()
            visits[key] = opened(browser, site, name, width, theme)
        return visits[key]

    yield open_it
    for page in visits.values():
        page.context.close()
