"""The entry point of `tipsearch` and `python -m tipsearch`.

Imports stand inside `run`, so that Ctrl-C while they load ends the program without a traceback.
"""

import gc
import os
import sys

# By default imports alone start many searches for reference cycles: a sixth of a cold query.
FEWER_COLLECTIONS = 50_000, 20, 20


def run() -> None:
    """Run the command line and end the process with its exit code; 130 if interrupted."""
    gc.set_threshold(*FEWER_COLLECTIONS)
    # Where numpy starts threads for matrix products, that is a quarter of a cold query.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
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
    """Run the exit handlers and end the process without tearing down the interpreter.

    The teardown would take a sixth of the time of a cold query.
    """
    import atexit
    import signal
    import threading
    from contextlib import suppress

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    handlers = getattr(atexit, "_run_exitfuncs", None)
    if handlers is None or threading.active_count() > 1:
        sys.exit(status)  # Python waits for the other threads
    handlers()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or a pipe that nobody reads
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    run()
