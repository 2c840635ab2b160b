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


@pytest.fixture
def open_page(site, browser):
    """Open a page and remember what it asked for, got, and complained about."""
    contexts = []

    def open_it(name, width=1280, theme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme
        )
        contexts.append(context)
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

    yield open_it
    for context in contexts:
        context.close()
