"""Run a step without waiting for its imports: a server has made them, and forks for each job.

    python -m scripts.workflow.warm MODULE ARGUMENTS…

does what `python -m MODULE ARGUMENTS…` does. The environment's WARM says "PID FOLDER": the first
job starts the server, which imports its MODULE, calls its `warm_up` if it has one, listens on a
socket in the folder, and ends when process PID (Snakemake) does. It imports other modules when a
job first asks for them. Without WARM, or if anything is wrong with the server, the job runs by
itself, with the same results but later.
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
from collections.abc import Sequence
from pathlib import Path

STARTED = b"+"
KILLED = 128  # plus the signal's number: the status of what a signal ended, as in a shell
LOOK_FOR_PARENT = 1.0  # seconds


def alive(process: int) -> bool:
    """Return whether a process with this number is running."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it belongs to another user
        pass
    return True


def run_warm(module: str, arguments: Sequence[str], parent: str, folder: str) -> int | None:
    """Return the exit status of a job that the server ran, or None if it could not start it."""
    with contextlib.suppress(OSError), connection_to(module, parent, Path(folder)) as connection:
        socket.send_fds(connection, [b"-"], [1, 2])  # where the job's output goes
        connection.sendall(json.dumps([module, *arguments]).encode() + b"\n")
        if connection.recv(1) == STARTED:
            (status,) = answer(connection, int(parent)) or [1]
            if status - KILLED in signal.valid_signals():
                print(f"{module} was ended by {signal.Signals(status - KILLED).name}")
            return status
    return None


def answer(connection: socket.socket, parent: int) -> bytes:
    """Return the job's status in a byte, or nothing if the parent was killed with its jobs."""
    connection.settimeout(LOOK_FOR_PARENT)
    while alive(parent):
        with contextlib.suppress(TimeoutError):
            return connection.recv(1)
    return b""


def connection_to(module: str, parent: str, folder: Path) -> socket.socket:
    """Return a connection to the server, which is started if none listens."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two first jobs, only one starts the server
        with contextlib.suppress(OSError):
            return connected(folder)
        command = [sys.executable, "-m", "scripts.workflow.warm", "--serve"]
        command += [module, parent, str(folder)]
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert server.stdout is not None  # for mypy
        with server.stdout as output:
            output.readline()  # a line when it listens, the end of the file if it cannot
        return connected(folder)


def connected(folder: Path) -> socket.socket:
    """Return a connection to the server that listens in a folder. OSError if none does."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(folder / "socket"))
    except OSError:
        connection.close()
        raise
    return connection


def serve(module: str, parent: int, folder: Path) -> None:
    """Fork for each connection, as long as the parent lives."""
    with socket.socket(socket.AF_UNIX) as listener:
        path = folder / "socket"
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        listener.listen(1024)
        listener.settimeout(LOOK_FOR_PARENT)
        print("listening", flush=True)
        code = importlib.import_module(module)
        if hasattr(code, "warm_up"):
            code.warm_up()
        jobs = {}  # {process: the connection to the client that asked for it}
        while alive(parent):
            with contextlib.suppress(OSError, ValueError):  # no client asks, or it has gone
                connection, _ = listener.accept()
                jobs[answer_in_a_fork(connection, listener)] = connection
            with contextlib.suppress(ChildProcessError):
                process, status = os.waitpid(-1, os.WNOHANG)
                while process:
                    send_signal(jobs.pop(process), status)
                    process, status = os.waitpid(-1, os.WNOHANG)
    shutil.rmtree(folder, ignore_errors=True)


def send_signal(connection: socket.socket, status: int) -> None:
    """Send the client of a job the number of the signal that ended the job, if one did."""
    with connection, contextlib.suppress(OSError):
        if os.WIFSIGNALED(status):
            connection.sendall(bytes([KILLED + os.WTERMSIG(status)]))


def answer_in_a_fork(connection: socket.socket, listener: socket.socket) -> int:
    """Import what a job needs, for later jobs too, and fork to run it. Return its process."""
    connection.settimeout(LOOK_FOR_PARENT)
    _, outputs, *_ = socket.recv_fds(connection, 1, 2)
    command = json.loads(connection.makefile().readline())
    with contextlib.suppress(Exception):  # the job reports what is wrong
        importlib.import_module(command[0])
    gc.freeze()  # the fork's garbage collector does not visit, and so not copy, these objects
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


def work(connection: socket.socket, outputs: Sequence[int], command: list[str]) -> None:
    """Run one job in a process of its own, which ends with the job or with its client."""
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


def end_with(connection: socket.socket) -> None:
    """End this process when the client has gone."""
    connection.recv(1)  # nothing is sent: it returns when the other side has gone
    os._exit(1)


def status_of(module: str) -> int:
    """Run a module's main, and return its exit status. Print the message that it ends with."""
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


def main() -> None:
    """Run the command that the module's docstring describes, or the server."""
    if sys.argv[1] == "--serve":
        _, _, module, parent, folder = sys.argv
        serve(module, int(parent), Path(folder))
        return
    module, *arguments = sys.argv[1:]
    status = None
    if "WARM" in os.environ:
        parent, folder = os.environ["WARM"].split(" ", 1)
        status = run_warm(module, arguments, parent, folder)
    if status is None:
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
