"""The program `tipsearch`, and `python -m tipsearch`: how it starts, and how it ends.

It imports next to nothing before it is ready to be interrupted.
"""

import os
import sys


def run() -> None:
    """Run the command line as a program, and end the process with its exit code."""
    try:
        from tipsearch.cli.app import main

        main()
        status = 0
    except KeyboardInterrupt:
        status = 130
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    _end(status)


def _end(status: int) -> None:
    """End as Python does, exit handlers and all, but for taking the interpreter apart.

    That alone would cost a sixth of a cold query.
    """
    import atexit
    import signal
    import threading
    from contextlib import suppress

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    handlers = getattr(atexit, "_run_exitfuncs", None)
    if handlers is None or threading.active_count() > 1:
        sys.exit(status)  # threads have handlers of their own
    handlers()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # it is closed, or nobody reads it
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    run()
