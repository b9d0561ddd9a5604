"""A worker that, like an RQ worker, runs a job in a child with a process group of its own."""

from __future__ import annotations

import os
import signal
import sys
import time

child = os.fork()
if child == 0:
    os.setpgrp()
    while True:
        time.sleep(60)


def stop(_number: int, _frame: object) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("worker stopped politely", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
print("worker started", flush=True)
while True:
    time.sleep(60)
