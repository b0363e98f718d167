"""Checks each file of a folder in a process of its own: corpus.py BINARY FOLDER [--refused MIB] [--limit MIB] [--seconds S].

For each file: exit code, peak memory of the process and of its children, seconds, rows and findings. The last line has the
totals. Exit 1 if one panicked, ended in 70, took too long, or passed a limit: 256 MiB for a refused xlsx or csv, 1 GiB for all else.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NOW = "2026-11-23T08:30:00+07:00"
# A process that lives shorter than this has no time to fill a gigabyte.
BETWEEN_LOOKS = 0.004


def children(pid):
    """All processes below one."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children(child)]
    return found


def peak(pid):
    """The most memory that a living process ever had, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def looked_at(pid):
    """Peaks of a process and of those below it, as far as they still live."""
    peaks = {}
    try:
        for process in [pid, *children(pid)]:
            peaks[process] = peak(process)
    except (FileNotFoundError, ProcessLookupError):
        pass
    return peaks


class Ran:
    """One file through the program, watched."""

    def __init__(self, command, seconds):
        self.own = self.below = 0
        began = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
            self.too_long = not self.watch(process, began + seconds)
            self.seconds = time.monotonic() - began
            out.seek(0), err.seek(0)
            self.out, self.err = out.read(), err.read().decode(errors="replace")

    def watch(self, process, until):
        while time.monotonic() < until:
            for pid, kib in looked_at(process.pid).items():
                if pid == process.pid:
                    self.own = max(self.own, kib)
                else:
                    self.below = max(self.below, kib)
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            if ended:
                # Of the process or of a child that it waited for, whichever was larger.
                if not self.below or used.ru_maxrss <= self.own:
                    self.own = max(self.own, used.ru_maxrss)
                else:
                    self.below = max(self.below, used.ru_maxrss)
                self.code = process.returncode = os.waitstatus_to_exitcode(status)
                return True
            time.sleep(BETWEEN_LOOKS)
        process.kill()
        self.code = process.wait()
        return False

    def said(self):
        """Rows and findings, in few words."""
        try:
            report = json.loads(self.out)["files"][0]
        except (ValueError, KeyError, IndexError):
            return self.err.strip().splitlines()[-1] if self.err.strip() else "nothing"
        rows = ", ".join(f"{count} {state}" for state, count in report["rows"].items() if count)
        counts = collections.Counter(finding["code"] for finding in report["findings"])
        codes = ", ".join(f"{count} {code}" for code, count in sorted(counts.items()))
        return "; ".join(part for part in (report["format"]["container"], rows, codes) if part)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--refused", type=int, default=256, metavar="MIB")
    parser.add_argument("--limit", type=int, default=1024, metavar="MIB")
    parser.add_argument("--seconds", type=int, default=120)
    asked = parser.parse_args()
    totals = collections.Counter()
    highest = {"refused xlsx and csv": (0, "-"), "all else": (0, "-")}
    with tempfile.TemporaryDirectory() as home:
        binary = str(asked.binary.resolve())
        subprocess.run([binary, "init", home], check=True, stdout=subprocess.DEVNULL)
        for path in sorted(path for path in asked.folder.iterdir() if path.is_file()):
            command = [binary, "--home", home, "--now", NOW, "check", "--json", "-o", f"{home}/out", str(path.resolve())]
            ran = Ran(command, asked.seconds)
            kind = "refused xlsx and csv" if ran.code == 3 and not ran.below else "all else"
            most = asked.refused if kind.startswith("refused") else asked.limit
            kib = max(ran.own, ran.below)
            highest[kind] = max(highest[kind], (kib, path.name))
            totals["files"] += 1
            totals["exits 70"] += ran.code == 70
            totals["panics"] += ran.code == 101 or ran.code < 0 or "panicked at" in ran.err
            totals["strange exits"] += ran.code not in (0, 1, 3, 70, 101) and ran.code >= 0 and not ran.too_long
            totals["too long"] += ran.too_long
            totals["over a limit"] += kib > most * 1024
            print(f"{path.name}: exit {ran.code}, {ran.own >> 10} MiB, below {ran.below >> 10} MiB, {ran.seconds:.1f} s: {ran.said()}", flush=True)
    wrong = {name: totals[name] for name in ("panics", "exits 70", "strange exits", "too long", "over a limit")}
    peaks = [f"peak of {kind} {kib >> 10} MiB ({name})" for kind, (kib, name) in highest.items()]
    print(f"{totals['files']} files, " + ", ".join([f"{count} {name}" for name, count in wrong.items()] + peaks))
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
