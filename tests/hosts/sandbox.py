"""Whether a service file's sandbox lets through what the server was seen to do: sandbox.py UNIT STRACE_OUTPUT"""

import re
import subprocess
import sys


def settings(unit):
    """The lines of a unit, values of the same name in their order."""
    found = {}
    for line in open(unit):
        name, is_setting, value = line.strip().partition("=")
        if is_setting:
            found.setdefault(name, []).append(value)
    return found


def expanded(names):
    """The system calls in a list of calls and groups of calls."""
    calls, groups = set(), set()
    for name in names:
        (groups if name.startswith("@") else calls).add(name)
    for group in groups:
        command = ["systemd-analyze", "syscall-filter", "--no-pager", group]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        members = [line.strip() for line in lines[1:] if line.startswith(" ") and not line.strip().startswith("#")]
        calls |= expanded(members)
    return calls


def allowed(filters):
    calls = set()
    for value in filters:
        if value.startswith("~"):
            calls -= expanded(value[1:].split())
        else:
            calls |= expanded(value.split())
    return calls


unit, trace = settings(sys.argv[1]), open(sys.argv[2]).read()
seen = set(re.findall(r"^\d+ +(\w+)\(", trace, re.M))
families = set(re.findall(r"\bsocket\((\w+)", trace))
executable = re.findall(r"^.*PROT_WRITE\|PROT_EXEC.*$|^.*\bmprotect\(.*PROT_EXEC.*$", trace, re.M)

assert {"accept4", "recvfrom", "sendto", "rt_sigtimedwait"} <= seen, f"this is no trace of the server: {seen}"
assert families, "no socket was seen"
forbidden = seen - allowed(unit["SystemCallFilter"])
assert not forbidden, f"the filter forbids {forbidden}"
strange = families - set(unit["RestrictAddressFamilies"][0].split())
assert not strange, f"the families do not include {strange}"
assert unit["MemoryDenyWriteExecute"] == ["yes"] and not executable, executable
print(f"{len(seen)} system calls seen, all let through")
