"""Runs the command of the arguments but the last, with that file as its stdin; prints how it ended and its peak."""
import json
import os
import subprocess
import sys

with open(sys.argv[-1], "rb") as source:
    process = subprocess.Popen(sys.argv[1:-1], stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps({"end": os.waitstatus_to_exitcode(status), "peak_kib": usage.ru_maxrss}))
