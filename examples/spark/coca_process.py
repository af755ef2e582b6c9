"""A `coca` that is fed pictures as bytes: one process with a warm model for a whole partition."""

import json
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# Pictures that go through the model together. So many answers less one can be held back until more pictures come.
BATCH = 8


class CocaProcess:
    """Captions of pictures. Names go in by a pipe, answers come back by another, in the same order."""

    def __init__(self, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="coca-")
        self._waiting: dict[str, str] = {}
        self._count = 0
        command = ["coca", "caption", "--files0", "-", "--jsonl", "--quiet", "--batch", str(BATCH), *options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, pictures: Iterable[tuple[str, bytes]]) -> Iterator[dict[str, Any]]:
        """Sends pictures, by name and bytes, and gives what is answered by then; `image` is the name again."""
        files = []
        for name, content in pictures:
            file = Path(self._folder.name, str(self._count))
            file.write_bytes(content)
            self._count += 1
            self._waiting[str(file)] = name
            files.append(str(file))
        # Both pipes are finite: a process that only wrote would wait for one that waits to be read.
        feeder = threading.Thread(target=self._send, args=(files,), daemon=True)
        feeder.start()
        while len(self._waiting) >= BATCH:
            yield self._answer()
        feeder.join()

    def finish(self) -> Iterator[dict[str, Any]]:
        """What was still held back. The process ends."""
        self._process.stdin.close()
        while self._waiting:
            yield self._answer()
        self._process.wait()

    def close(self) -> None:
        """Ends the process whatever it does, and removes what it was fed."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _send(self, files: list[str]) -> None:
        try:
            self._process.stdin.write(b"".join(file.encode() + b"\0" for file in files))
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # The process has ended, which the missing answer tells.

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise RuntimeError(f"coca ended with {self._process.wait()}, {len(self._waiting)} pictures not answered")
        answer = json.loads(line)
        file = answer["image"]
        answer["image"] = self._waiting.pop(file)
        Path(file).unlink()
        return answer
