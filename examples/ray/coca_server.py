"""A `coca serve` of one's own: a warm model behind a Unix socket, asked over HTTP."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# Requests that are under way at once: the server puts pictures that wait together through the model together.
AT_ONCE = 16
TIMEOUT_SECONDS = 120


class SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("coca", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class CocaServer:
    """Captions of pictures, by a server that is started with this object and ended by `close`."""

    def __init__(self, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="coca-")
        self._socket = os.path.join(self._folder.name, "socket")
        command = ["coca", "serve", "--socket", self._socket, "--quiet", *options]
        # An actor can be killed, and its server would stay: Linux ends it then.
        if shutil.which("setpriv"):
            command = ["setpriv", "--pdeathsig", "TERM", *command]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        # It prints its address once the model is loaded.
        if not self._process.stdout.readline():
            raise RuntimeError(f"coca serve ended with {self._process.wait()}")
        self._threads = ThreadPoolExecutor(AT_ONCE)

    def captions(self, pictures: Iterable[bytes]) -> list[dict[str, Any]]:
        """An answer for each picture, in their order: an object with `caption`, or with `error`."""
        return list(self._threads.map(self._caption, pictures))

    def close(self) -> None:
        self._threads.shutdown()
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    def _caption(self, picture: bytes) -> dict[str, Any]:
        while True:
            connection = SocketConnection(self._socket)
            try:
                connection.request("POST", "/v1/caption", picture, {"Content-Type": "application/octet-stream"})
                response = connection.getresponse()
                answer = json.loads(response.read())
            finally:
                connection.close()
            # 429: the queue is full. 503: the model's process has ended and is started again.
            if response.status not in (429, 503):
                return answer
            if self._process.poll() is not None:
                raise RuntimeError(f"coca serve ended with {self._process.returncode}")
            time.sleep(float(response.getheader("Retry-After", "1")))
