"""A Slurm of one node on this machine, for tests: loopback only, no database, no service.

    python -m tests.pipeline.slurm

starts it, waits until the node is idle, and stops it at Ctrl-C.

It needs root and Debian's packages slurmctld, slurmd, slurm-client and munge, and installs nothing.
Jobs don't inherit SLURM_CONF, so its configuration stands in /etc/slurm as long as it runs.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAMS = ["slurmctld", "slurmd", "sbatch", "squeue", "munged", "pgrep"]
ETC = Path("/etc/slurm")
OURS = "# tests/pipeline/slurm.py wrote this, and removes it\n"
PORTS = [6817, 6818]  # slurmctld, slurmd
WAIT = 60  # seconds, for a daemon
CONFIGURATION = """\
ClusterName=one
SlurmctldHost=localhost(127.0.0.1)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
AccountingStorageType=accounting_storage/none
# Without cgroups, which containers may lack: a job has its cores, and is killed if it takes more
# memory than it asked for.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=UsePss,OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,bf_interval=2
MpiDefault=none
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
ReturnToService=2
KillWait=2
MessageTimeout=5
NodeName=localhost NodeAddr=127.0.0.1 {node}
PartitionName=only Nodes=localhost Default=YES MaxTime=60
"""


def lacking():
    """What is not here that it needs; None if it can be started."""
    missing = [program for program in PROGRAMS if not shutil.which(program, path=search_path())]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: slurmctld slurmd slurm-client munge)"
    if os.geteuid() != 0:
        return "only root can start Slurm's daemons"
    there = ETC / "slurm.conf"
    if there.exists() and not there.read_text().startswith(OURS):
        return f"another Slurm is set up here: {there}"
    for port in PORTS:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return f"another Slurm listens here, at port {port}"
    return None


def search_path():
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


class Slurm:
    """The daemons, and their folder. As a context, they run within the block."""

    def __init__(self, folder):
        self.folder, self.running = Path(folder), {}

    def __enter__(self):
        for name in ("state", "spool"):
            (self.folder / name).mkdir(mode=0o755)
        self.folder.chmod(0o755)  # munge wants to know who can write here
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        said = subprocess.check_output(["slurmd", "-C"], env=self.environment(), text=True)
        node = re.search(r"CPUs=.*RealMemory=\d+", said)[0]
        ETC.mkdir(exist_ok=True)
        configuration = OURS + CONFIGURATION.format(folder=self.folder, node=node, ports=PORTS)
        (ETC / "slurm.conf").write_text(configuration)
        (ETC / "cgroup.conf").write_text(f"{OURS}CgroupPlugin={self.no_cgroups()}\n")
        try:
            for daemon in ("munged", "slurmctld", "slurmd"):
                self.start(daemon)
            self.wait_until_idle()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def no_cgroups(self):
        """The plugin that does without cgroups; before version 23, one that leaves them alone."""
        version = self.says("slurmd", "-V")
        return "disabled" if int(re.search(r"\d+", version)[0]) >= 23 else "cgroup/v1"

    def environment(self):
        return {**os.environ, "PATH": search_path()}

    def start(self, daemon):
        """Start one of the daemons, in the foreground."""
        where = self.folder / "munge"
        command = {
            "munged": f"munged --foreground --force --num-threads=2 --socket={where}.socket "
            f"--key-file={where}.key --pid-file={where}.pid --seed-file={where}.seed "
            f"--log-file={where}.log",
            "slurmctld": "slurmctld -D",
            "slurmd": "slurmd -D",
        }[daemon]
        with (self.folder / f"{daemon}.log").open("a") as log:
            self.running[daemon] = subprocess.Popen(
                command.split(), stdout=log, stderr=log, env=self.environment()
            )
        if daemon == "munged":
            self.wait(lambda: (self.folder / "munge.socket").exists(), daemon)

    def kill(self, daemon):
        """End a daemon without giving it time for anything."""
        process = self.running.pop(daemon)
        process.kill()
        process.wait()

    def wait_until_idle(self):
        self.wait(lambda: self.says("sinfo", "-h", "-o", "%T") == "idle", "slurmd")

    def wait(self, condition, daemon):
        end = time.monotonic() + WAIT
        while not condition():
            log = (self.folder / f"{daemon}.log").read_text()[-3000:]
            assert self.running[daemon].poll() is None, f"{daemon} ended:\n{log}"
            assert time.monotonic() < end, f"{daemon} is not ready:\n{log}"
            time.sleep(0.1)

    def says(self, *command):
        """What one of Slurm's commands prints; nothing if it fails."""
        result = subprocess.run(
            command, capture_output=True, text=True, env=self.environment(), timeout=WAIT
        )
        return result.stdout.strip() if result.returncode == 0 else ""

    def jobs(self):
        """{number: (state, time limit, memory, cores, comment)} of the jobs that Slurm knows."""
        fields = "JobID,State:20,TimeLimit,MinMemory,NumCPUs,Comment:40"
        lines = self.says("squeue", "-h", "--states=all", f"--Format={fields}").splitlines()
        return {number: tuple(job) for number, *job in map(str.split, lines)}

    def kill_jobs(self):
        """End all that the node does for jobs, as if it were switched off."""
        todo = self.says("pgrep", "--exact", "slurmstepd").split()
        while todo:
            process = todo.pop()
            todo += self.says("pgrep", "--parent", process).split()
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)

    def stop(self):
        """End the daemons, and what they run."""
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGTERM)
        for process in reversed(self.running.values()):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()
        self.kill_jobs()
        for name in ("slurm.conf", "cgroup.conf"):
            (ETC / name).unlink(missing_ok=True)


def main():
    if reason := lacking():
        raise SystemExit(reason)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as folder, Slurm(folder) as slurm:
        print(slurm.says("sinfo"), f"Logs: {folder}", "Ctrl-C stops it.", sep="\n", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
