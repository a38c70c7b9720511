"""HAProxy, nginx, Apache and curl as they come, who ask by HTTP/1.0: their checks find a server well, and its page is got.
Through nginx, told to upgrade, the program's own client gets too.

Each server explains what it is asked (`--trace`), so that it is seen that they really ask so."""

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from house import PATIENCE, Chinwag, end, free_port, wait_for_port

BINARY, WORK = sys.argv[1], Path(sys.argv[2]).resolve() / "bare"
MODULES = "/usr/lib/apache2/modules"


def until(what, attempt):
    deadline = time.monotonic() + PATIENCE
    while not attempt():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)


class Bare:
    """A proxy of a configuration of its own, in front of a server."""

    def __init__(self, name, command, text):
        self.work = WORK / name
        self.work.mkdir(parents=True)
        self.name, self.port, behind = name, free_port(), free_port()
        self.server = Chinwag(BINARY, self.work, behind, ["--trace"])
        config = self.work / "conf"
        config.write_text(text.format(work=self.work, port=self.port, behind=behind, modules=MODULES))
        with open(self.work / "out", "a") as log:
            command = [word.format(work=self.work, config=config) for word in command]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for_port(self.process, self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)
        end(self.server.process)

    def has_been_asked(self, request_line, times=2):
        log = self.work / "chinwag.log"
        until(f"{self.name}: {request_line}", lambda: log.read_text().count(request_line) >= times)

    def page(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=PATIENCE) as answer:
            assert answer.status == 200 and b'<script src="' in answer.read()


HAPROXY = """
global
    stats socket {work}/stats
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend all
    bind 127.0.0.1:{port}
    default_backend chat
backend chat
    option httpchk
    server one 127.0.0.1:{behind} check inter 200 rise 1 fall 1
"""

NGINX = """
daemon off;
pid {work}/pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f;
    uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{behind};
        }}
        location = /kitchen {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }}
    }}
}}
"""

APACHE = """
ServerName localhost
ServerRoot {work}
PidFile {work}/pid
ErrorLog {work}/error.log
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule slotmem_shm_module {modules}/mod_slotmem_shm.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
LoadModule proxy_balancer_module {modules}/mod_proxy_balancer.so
LoadModule proxy_hcheck_module {modules}/mod_proxy_hcheck.so
LoadModule lbmethod_byrequests_module {modules}/mod_lbmethod_byrequests.so
<Proxy "balancer://chat">
    BalancerMember "http://127.0.0.1:{behind}" hcmethod=OPTIONS hcinterval=1 hcpasses=1 hcfails=1
</Proxy>
ProxyPass "/" "balancer://chat/"
"""


def haproxy_says(bare):
    with socket.socket(socket.AF_UNIX) as stats:
        stats.connect(str(bare.work / "stats"))
        stats.sendall(b"show stat\n")
        text = b"".join(iter(lambda: stats.recv(65536), b"")).decode()
    names, *rows = (line.split(",") for line in text.strip().splitlines())
    [row] = (dict(zip(names, row)) for row in rows if row[:2] == ["chat", "one"])
    return row["status"], row["check_status"], row["check_code"]


def connect_through(bare):
    """The program's own client says a thousand lines, and hears them."""
    words = [BINARY, "connect", "--once", "--name", "kettle", f"ws://127.0.0.1:{bare.port}/kitchen"]
    lines = [f"line {number}" for number in range(1000)]
    done = subprocess.run(words, input="\n".join(lines), text=True, check=True, capture_output=True, timeout=PATIENCE)
    heard = done.stdout.splitlines()
    assert heard == ["* kettle is here alone", *(f"kettle: {line}" for line in lines)], heard[:5]


def main():
    with Bare("haproxy", ["haproxy", "-db", "-f", "{config}"], HAPROXY) as bare:
        bare.has_been_asked("OPTIONS / HTTP/1.0")
        until("a check", lambda: haproxy_says(bare)[1] != "INI")
        assert haproxy_says(bare) == ("UP", "L7OK", "204"), haproxy_says(bare)
        bare.page()
    with Bare("nginx", ["nginx", "-p", "{work}", "-e", "{work}/log", "-c", "{config}"], NGINX) as bare:
        bare.page()
        bare.has_been_asked("GET / HTTP/1.0", 1)
        connect_through(bare)
    with Bare("apache2", ["apache2", "-X", "-f", "{config}"], APACHE) as bare:
        bare.has_been_asked("OPTIONS ")
        bare.page()
        assert "HTTP/1.0" in (bare.work / "chinwag.log").read_text()
        assert "DISABLED" not in (bare.work / "error.log").read_text().upper()
    port = free_port()
    with Chinwag(BINARY, WORK, port, []):
        for path in ("/healthz", "/kitchen"):
            subprocess.run(["curl", "-0", "-fsS", f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True)
    print("haproxy, nginx, apache2 and curl as they come: the server is well")


main()
