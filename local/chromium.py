"""A headless Chromium to look at pages with: installed if missing, driven through a pipe.

The pipe speaks the DevTools protocol, https://chromedevtools.github.io/devtools-protocol/, as JSON
texts that end with a NUL, so no driver and no WebSocket library is needed.
"""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# The descriptors that Chromium reads commands from and writes answers to.
_COMMANDS, _ANSWERS = 3, 4


class NoChromium(Exception):
    """There is no Chromium, and it cannot be installed here; the message says why."""


def chromium() -> str:
    """The path of Chromium, installed as Debian's package when it is missing.

    Raises NoChromium.
    """
    if found := _found():
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoChromium("install Chromium: it is missing, and only root with apt-get can do it")
    # Several test workers may ask at once, and only one apt-get can run.
    with (Path(tempfile.gettempdir()) / "tokentill-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _found() or _installed()


def _installed() -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update -qq", "apt-get install -y -qq chromium"):
        result = subprocess.run(command.split(), capture_output=True, env=environment, check=False)
        if result.returncode:
            raise NoChromium(f"`{command}` failed: {result.stderr.decode()[-500:]}")
    if found := _found():
        return found
    raise NoChromium("the package chromium was installed, but there is no such program")


def _found() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Tab:
    """One page in the browser. Every exception of the protocol becomes a RuntimeError."""

    def __init__(self, browser: _Pipe, session_id: str) -> None:
        self._browser = browser
        self._session_id = session_id
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol."""
        return self._browser.do(method, parameters, self._session_id)

    def look_like(self, width: int, height: int, theme: Literal["light", "dark"]) -> None:
        """The size of the window in pixels, and the theme that the person prefers."""
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": theme}
        self.do("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self._browser.events.clear()
        self.do("Page.navigate", url=url)
        self._browser.wait_for("Page.loadEventFired")

    def follow(self, expression: str) -> None:
        """Do something that leads to another page, and wait until that is loaded."""
        self._browser.events.clear()
        self.run(expression)
        self._browser.wait_for("Page.loadEventFired")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press and release a key, by its name and its Windows key code."""
        for kind in ("rawKeyDown", "keyUp"):
            self.do("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code)

    def names_of(self, role: str) -> list[str]:
        """What a screen reader calls the elements of a role, in order."""
        nodes = self.do("Accessibility.getFullAXTree")["nodes"]
        return [
            str(node["name"]["value"])
            for node in nodes
            if not node["ignored"] and node["role"]["value"] == role
        ]

    def happened(self, method: str) -> list[dict[str, Any]]:
        """The events of a kind since the page was opened."""
        return [event["params"] for event in self._browser.events if event.get("method") == method]

    def picture(self, path: Path) -> None:
        """Save what the window shows as a PNG."""
        shot = self.do("Page.captureScreenshot", format="png", optimizeForSpeed=False)
        path.write_bytes(base64.b64decode(shot["data"]))


class _Pipe:
    """Sends commands and collects answers and events."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = os.fdopen(commands, "wb", buffering=0)
        self._answers = os.fdopen(answers, "rb", buffering=0)
        self._ids = itertools.count(1)
        self._rest = b""
        self.events: list[dict[str, Any]] = []

    def do(
        self, method: str, parameters: dict[str, Any], session_id: str | None = None
    ) -> dict[str, Any]:
        number = next(self._ids)
        command: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session_id:
            command["sessionId"] = session_id
        self._commands.write(json.dumps(command).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return dict(message["result"])
            self.events.append(message)

    def wait_for(self, method: str) -> None:
        """Returns when an event of this kind has come."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._next())

    def close(self) -> None:
        self._commands.close()
        self._answers.close()

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            received = os.read(self._answers.fileno(), 1 << 20)
            if not received:
                raise RuntimeError("Chromium has ended")
            self._rest += received
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))


@contextmanager
def browsing() -> Iterator[Tab]:
    """A tab in a new browser with an empty profile, gone when the block ends. Raises NoChromium."""
    path = chromium()
    to_browser, commands = os.pipe()
    answers, from_browser = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = _started([path, *_FLAGS, f"--user-data-dir={profile}"], to_browser, from_browser)
        os.close(to_browser)
        os.close(from_browser)
        pipe = _Pipe(commands, answers)
        try:
            target = pipe.do("Target.createTarget", {"url": "about:blank"})["targetId"]
            attached = pipe.do("Target.attachToTarget", {"targetId": target, "flatten": True})
            yield Tab(pipe, attached["sessionId"])
        finally:
            pipe.close()
            process.terminate()
            process.wait(timeout=20)


def _started(command: list[str], to_browser: int, from_browser: int) -> subprocess.Popen[bytes]:
    """A shell puts the pipes where Chromium looks for them, and becomes Chromium."""
    script = f'exec "$@" {_COMMANDS}<&{to_browser} {_ANSWERS}>&{from_browser}'
    return subprocess.Popen(
        ["bash", "-c", script, "bash", *command],
        pass_fds=(to_browser, from_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
