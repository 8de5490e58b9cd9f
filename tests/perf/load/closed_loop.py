"""The handler alone in a closed loop, without a runtime: a script for the functions' own interpreter.

`python closed_loop.py HANDLER SECONDS < EVENT`, in the folder of the unpacked archive, prints how many requests it
answered, and in how many seconds, of the clock and of the processor.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

sys.path.insert(0, ".")
WARM_UP = 30


def run(name: str, event: object, seconds: float) -> dict[str, float]:
    """Ask one request after the other, so long. Raises RuntimeError where one is not answered well."""
    module, _, attribute = name.rpartition(".")
    handler = getattr(importlib.import_module(module), attribute)
    for _ in range(WARM_UP):
        answer = handler(event, None)
        if answer["statusCode"] != 200:
            raise RuntimeError(str(answer))
    done, cpu_s, start_s = 0, time.process_time(), time.perf_counter()
    while time.perf_counter() < start_s + seconds:
        handler(event, None)
        done += 1
    return {"requests": done, "seconds": time.perf_counter() - start_s, "cpu_s": time.process_time() - cpu_s}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], json.load(sys.stdin), float(sys.argv[2]))))
