"""The demo page in a real browser: ask, read, press Sources, and see that nobody else sees it."""

import asyncio
import contextlib
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Error, Locator, Page, async_playwright, expect

from bot.config import ROOT

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def start(port: int) -> tuple[asyncio.subprocess.Process, str]:
    """The demo, started as `make demo` starts it, and the one line that it prints."""
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--port", str(port), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert demo.stdout
    return demo, (await asyncio.wait_for(demo.stdout.readline(), 60)).decode()


async def stop(demo: asyncio.subprocess.Process) -> int:
    if demo.returncode is None:
        demo.send_signal(signal.SIGINT)
    return await asyncio.wait_for(demo.wait(), 20)


@contextlib.asynccontextmanager
async def browsed(line: str) -> AsyncIterator[Page]:
    """The page that the demo's line names, in a browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await browser.new_page(viewport={"width": 1100, "height": 900})
        page.set_default_timeout(5000)
        await page.goto(line.split(" is at ")[1].split()[0])
        yield page
        await browser.close()


async def until(wanted: Locator, act: Callable[[], Awaitable[object]]) -> None:
    """Do something until it shows: the page refuses an action that falls into the half second of a refresh."""
    for _ in range(5):
        await asyncio.sleep(0.6)
        with contextlib.suppress(AssertionError, Error):
            await act()
            await expect(wanted).to_be_visible(timeout=5000)
            return
    await expect(wanted).to_be_visible()


async def journey(page: Page) -> None:
    """Ana asks and opens the sources; Max sees neither."""
    option = page.get_by_label("question, required")
    answer = page.get_by_role("heading", name="What the record says")

    async def choose_the_command() -> None:
        await page.locator("[contenteditable=true], textarea").first.click()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("/ask", delay=20)
        await expect(page.get_by_text("Ask anything about")).to_be_visible()
        await page.keyboard.press("Enter")

    async def ask() -> None:
        await option.fill("my uncle posted bail, can the jail still keep him for ICE?")
        await option.press("Enter")

    await until(option, choose_the_command)
    await until(answer, ask)
    await expect(page.get_by_text("Only you can see this").first).to_be_visible()
    await expect(page.get_by_text("as of").first).to_be_visible()
    sources = page.get_by_role("heading", name="Sources: What the record says")
    await until(sources, page.get_by_role("button", name="Sources").last.click)
    await page.locator("select").first.select_option(label="Max")
    await expect(sources).to_have_count(0, timeout=15_000)
    await expect(answer).to_have_count(0)
    await page.locator("select").first.select_option(label="Ana")
    await expect(sources).to_be_visible(timeout=15_000)


async def test_the_demo_names_a_taken_port_starts_again_on_it_and_answers_in_a_browser() -> None:
    port = free_port()
    first, line = await start(port)
    assert f"http://127.0.0.1:{port}/" in line
    second = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--port", str(port), cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    _, error = await asyncio.wait_for(second.communicate(), 60)
    assert second.returncode == 1
    assert error.decode().startswith(f"Port {port} cannot be used")
    assert "Traceback" not in error.decode()
    assert await stop(first) == 0
    again, line = await start(port)
    try:
        if CHROMIUM is None:
            pytest.skip("there is no Chromium on this machine: install the package chromium to run the browser test")
        async with browsed(line) as page:
            await tried(page)
    finally:
        assert await stop(again) == 0


async def tried(page: Page) -> None:
    """The journey, thrice at most: on a busy machine the simulator's page may lose a key while it redraws."""
    for _ in range(2):
        try:
            await journey(page)
        except (AssertionError, Error):
            await page.reload()
        else:
            return
    await journey(page)
