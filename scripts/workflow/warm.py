"""Run a step without waiting for its imports: one process has made them, and forks for each job.

    python -m scripts.workflow.warm MODULE ARGUMENTS…

does what `python -m MODULE ARGUMENTS…` does. The environment's WARM says "PID FOLDER": the first
job starts the server, which imports its MODULE, calls its `warm_up` if there is one, listens on a
socket in the folder, and ends when process PID (Snakemake) does. Other modules are imported when
they are first asked for. Without WARM, or if anything is wrong with the server, the job runs by
itself: to the same effect, only later.
"""

import contextlib
import fcntl
import gc
import importlib
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import traceback
from pathlib import Path

from scripts.study.files import alive

STARTED = b"+"
KILLED = 128  # and the signal's number: the status of what a signal ended, as in a shell
LOOK_FOR_PARENT = 1.0  # seconds


def run_warm(module, arguments, parent, folder):
    """The exit status of a job that the server ran, or None if it could not start it."""
    with contextlib.suppress(OSError), connection_to(module, parent, Path(folder)) as connection:
        socket.send_fds(connection, [b"-"], [1, 2])  # where the job's output goes
        connection.sendall(json.dumps([module, *arguments]).encode() + b"\n")
        if connection.recv(1) == STARTED:
            (status,) = answer(connection, int(parent)) or [1]
            if status - KILLED in signal.valid_signals():
                print(f"{module} was ended by {signal.Signals(status - KILLED).name}")
            return status
    return None


def answer(connection, parent):
    """The job's status, in a byte; nothing if the parent was killed, jobs and all."""
    connection.settimeout(LOOK_FOR_PARENT)
    while alive(parent):
        with contextlib.suppress(TimeoutError):
            return connection.recv(1)
    return b""


def connection_to(module, parent, folder):
    """A connection to the server, which is started if there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two first jobs, one starts it
        with contextlib.suppress(OSError):
            return connected(folder)
        command = [
            sys.executable,
            "-m",
            "scripts.workflow.warm",
            "--serve",
            module,
            parent,
            str(folder),
        ]
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        with server.stdout as said:
            said.readline()  # a line when it listens, the end of the file if it cannot
        return connected(folder)


def connected(folder):
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(folder / "socket"))
    except OSError:
        connection.close()
        raise
    return connection


def serve(module, parent, folder):
    """Fork for each connection, as long as the parent lives."""
    with socket.socket(socket.AF_UNIX) as listener:
        path = folder / "socket"
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        listener.listen(1024)
        listener.settimeout(LOOK_FOR_PARENT)
        print("listening", flush=True)
        getattr(importlib.import_module(module), "warm_up", lambda: None)()
        jobs = {}  # {process: the connection to whoever asked for it}
        while alive(parent):
            with contextlib.suppress(OSError, ValueError):  # nobody asks, or whoever did is gone
                connection, _ = listener.accept()
                jobs[answer_in_a_fork(connection, listener)] = connection
            with contextlib.suppress(ChildProcessError):
                while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                    tell_signal(jobs.pop(ended[0]), ended[1])
    shutil.rmtree(folder, ignore_errors=True)


def tell_signal(connection, status):
    """Tell who asked for a job which signal ended it, if one did."""
    with connection, contextlib.suppress(OSError):
        if os.WIFSIGNALED(status):
            connection.sendall(bytes([KILLED + os.WTERMSIG(status)]))


def answer_in_a_fork(connection, listener):
    """Import what a job needs, for later jobs too, and fork to do it. The number of its process."""
    connection.settimeout(LOOK_FOR_PARENT)
    _, outputs, *_ = socket.recv_fds(connection, 1, 2)
    command = json.loads(connection.makefile().readline())
    with contextlib.suppress(Exception):  # the job says what is wrong
        importlib.import_module(command[0])
    gc.freeze()  # what is there now is not looked through, and so not copied, in the fork
    process = os.fork()
    if process == 0:
        try:
            listener.close()
            work(connection, outputs, command)
        finally:
            os._exit(1)
    for output in outputs:
        os.close(output)
    return process


def work(connection, outputs, command):
    """One job, in a process of its own, which ends with the job or with whoever asked for it."""
    connection.settimeout(None)
    for standard, given in zip((1, 2), outputs, strict=True):
        os.dup2(given, standard)
    sys.argv = command
    connection.sendall(STARTED)
    threading.Thread(target=end_with, args=[connection], daemon=True).start()
    status = status_of(sys.argv[0])
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(bytes([status]))
    os._exit(status)


def end_with(connection):
    connection.recv(1)  # nothing is sent: it returns when the other side is gone
    os._exit(1)


def status_of(module):
    """The exit status of a module's main, whose last words are printed."""
    try:
        importlib.import_module(module).main()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main():
    if sys.argv[1] == "--serve":
        _, _, module, parent, folder = sys.argv
        serve(module, int(parent), Path(folder))
        return
    module, *arguments = sys.argv[1:]
    status = None
    if "WARM" in os.environ:
        status = run_warm(module, arguments, *os.environ["WARM"].split(" ", 1))
    if status is None:
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
