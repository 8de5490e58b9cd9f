"""A parent for programs that know nothing of ours: it ends them when its own parent is gone.

`python -m console.local.database.keeper SIGNAL FOLDER COMMAND…` runs commands, each a list in JSON, one after the
other, as long as none fails. At the end of its standard input, or by SIGTERM, it sends the signal to the one that runs
and removes the folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from console.local import process
from console.local.database import unprivileged


class Keeper:
    """Runs commands until it is to end.

    Args:
        number: the signal that ends a command at once.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._child: subprocess.Popen[bytes] | None = None
        self.is_ending = False

    def run(self, commands: Sequence[Sequence[str]]) -> int:
        """Run commands, the next when one has ended well; returns the last one's exit code."""
        code = 0
        for command in commands:
            if code or self.is_ending:
                break
            self._child = unprivileged.start(command)
            if self.is_ending:  # the signal came while it started
                self._child.send_signal(self._number)
            code = self._child.wait()
        return code

    def end(self, _number: int, _frame: FrameType | None) -> None:
        """End the command that runs, and start no other."""
        self.is_ending = True
        if self._child is not None:
            self._child.send_signal(self._number)


def main() -> None:
    """Run the commands, and end them with the parent."""
    number, folder, *commands = sys.argv[1:]
    keeper = Keeper(int(number))
    signal.signal(signal.SIGTERM, keeper.end)
    threading.Thread(target=_follow_parent, daemon=True).start()
    code = keeper.run([json.loads(command) for command in commands])
    if keeper.is_ending:  # else its owner reads in there why it ended
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)


def _follow_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    process.end_this_process()


if __name__ == "__main__":
    main()
