"""A browser for tests: Chromium without a window, spoken to in its own protocol over two pipes.

No driver, no server, no port: the DevTools protocol as JSON, ended by a zero byte.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 60.0
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    # Containers have little shared memory, and no room for a sandbox; the pages are our own.
    "--disable-dev-shm-usage",
    "--no-sandbox",
)
# What the protocol calls the keys that have no text.
CODES = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Home": 36, "End": 35}
CODES |= {"PageUp": 33, "PageDown": 34, " ": 32, "Tab": 9, "Enter": 13}


def program() -> str | None:
    """The browser that is installed here, if one is; its pipes are those of Unix."""
    if os.name != "posix":
        return None
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A running browser; `page` opens a page in it."""

    def __init__(self, folder: Path) -> None:
        ours_to_it, its_end = os.pipe()
        self._from, self._to_us = os.pipe()
        command = [str(program()), *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(
            # Descriptors 3 and 4 are where it reads and writes.
            ["sh", "-c", 'exec "$@" 3<&0 4>&1 0</dev/null 1>/dev/null', "sh", *command],
            stdin=ours_to_it,
            stdout=self._to_us,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours_to_it)
        os.close(self._to_us)
        self._to = its_end
        self._rest = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def close(self) -> None:
        """End it, by asking first."""
        with contextlib.suppress(OSError, TimeoutError):
            self.call("Browser.close")
        os.close(self._to)
        os.close(self._from)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def call(self, method: str, session: str | None = None, /, **parameters: Any) -> Any:
        """What a method of the protocol answers; events that come in between are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        _write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            found = self._receive()
            if found.get("id") != self._number:
                self.events.append(found)
            elif "error" in found:
                raise RuntimeError(f"{method}: {found['error']['message']}")
            else:
                return found["result"]

    def _receive(self) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            left = deadline - time.monotonic()
            if not select.select([self._from], [], [], max(left, 0))[0]:
                raise TimeoutError(f"the browser has said nothing for {PATIENCE:.0f} s")
            read = os.read(self._from, 1 << 20)
            if not read:
                raise OSError("the browser is gone")
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    @contextlib.contextmanager
    def page(self, **media: str) -> Iterator[Page]:
        """A new page, in which media features such as `prefers_color_scheme` have these values."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        opened = Page(self, self._session(target))
        features = [{"name": n.replace("_", "-"), "value": v} for n, v in media.items()]
        opened.call("Emulation.setEmulatedMedia", features=features)
        opened.resize(1200, 760)
        yield opened
        self.call("Target.closeTarget", targetId=target)

    def frames(self) -> list[Page]:
        """The frames that have a process of their own, as sandboxed ones do."""
        found = self.call("Target.getTargets", filter=[{"type": "iframe"}])["targetInfos"]
        return [Page(self, self._session(target["targetId"])) for target in found]

    def _session(self, target: str) -> str:
        return str(self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])


def _write(descriptor: int, message: bytes) -> None:
    while message:
        message = message[os.write(descriptor, message) :]


class Page:
    """A page: what a person at it does, and what they see."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser = browser
        self.session = session
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def call(self, method: str, /, **parameters: Any) -> Any:
        """A method of the protocol, for this page."""
        return self.browser.call(method, self.session, **parameters)

    def resize(self, width: int, height: int) -> None:
        """As large as a screen."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def open(self, address: str) -> None:
        """Go there, and wait until all of it is there."""
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in JavaScript; an error there is one here."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"])[:2_000])
        return found["result"].get("value")

    def until(self, condition: str, patience: float = 20.0) -> None:
        """Wait for a condition, looked at whenever the browser has the time."""
        deadline = time.monotonic() + patience
        while not self.evaluate(f"Boolean({condition})"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"it never came true: {condition}")
            self.evaluate("new Promise((go) => setTimeout(go, 10))")

    def press(self, key: str, times: int = 1) -> None:
        """A key, pressed and let go."""
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                text = {"text": key} if len(key) == 1 and kind == "keyDown" else {}
                code = CODES.get(key, ord(key[0]))
                self.call(
                    "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text
                )

    def click(self, selector: str) -> None:
        """A click with the mouse in the middle of an element, brought into view."""
        self.evaluate(f"{_query(selector)}.scrollIntoView({{block: 'center', inline: 'center'}})")
        place = self.evaluate(
            f"(({{x, y, width, height}}) => ({{x: x + width / 2, y: y + height / 2}}))"
            f"({_query(selector)}.getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            at = {"x": place["x"], "y": place["y"], "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=kind, **at)

    def text(self, selector: str) -> str:
        """What can be read in an element."""
        return str(self.evaluate(f"{_query(selector)}.textContent"))

    def words(self, selector: str) -> str:
        """The same without line breaks and double spaces."""
        return " ".join(self.text(selector).split())

    def picture(self, kind: str = "png") -> bytes:
        """A screenshot."""
        return base64.b64decode(self.call("Page.captureScreenshot", format=kind)["data"])

    def happened(self, method: str) -> list[dict[str, Any]]:
        """The events of one kind on this page, so far."""
        events = self.browser.events
        found = [e for e in events if e.get("sessionId") == self.session and e["method"] == method]
        return [event["params"] for event in found]

    def complaints(self) -> list[str]:
        """What the browser has to complain of: errors, and what the page's policy forbade."""
        self.evaluate("new Promise((go) => setTimeout(go))")  # whatever waits to be reported
        thrown = [str(p["exceptionDetails"]) for p in self.happened("Runtime.exceptionThrown")]
        said = [str(p["args"]) for p in self.happened("Runtime.consoleAPICalled")]
        logged = [str(p["entry"]["text"]) for p in self.happened("Log.entryAdded")]
        issues = [str(p["issue"]) for p in self.happened("Audits.issueAdded")]
        return thrown + said + logged + issues

    def requests(self) -> list[str]:
        """Every address that the page asked for."""
        return [str(p["request"]["url"]) for p in self.happened("Network.requestWillBeSent")]


def _query(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"
