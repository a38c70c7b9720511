"""A chinwag on a port of its own, and a proxy in front of it, configured as docs/operating.md says and, if it is
to be guarded, as docs/entering.md adds."""

import re
import socket
import ssl
import subprocess
import time
from pathlib import Path

PAGE, ENTERING = Path("docs/operating.md"), Path("docs/entering.md")
NAME = "chat.example.org"
PATIENCE = 20


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(process, port):
    """Until something listens there; that the process has ended is a failure."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, f"{process.args} has ended with {process.returncode}"
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens on port {port}"
            time.sleep(0.02)


def end(process):
    process.terminate()
    process.wait(PATIENCE)


class Chinwag:
    def __init__(self, binary, work, port, options):
        self.log = open(work / "chinwag.log", "a")
        command = [binary, "--listen", f"127.0.0.1:{port}", *options]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        wait_for_port(self.process, port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)


def certificate(work):
    """One for the name on that page, signed by itself; with its key in one file, too, as HAProxy wants it."""
    key, pem, both = work / "key", work / "pem", work / "both"
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*new, *subject, "-keyout", key, "-out", pem], check=True, capture_output=True)
    both.write_text(pem.read_text() + key.read_text())
    return key, pem, both


def documented_blocks(language, count, page=PAGE):
    """All blocks of this language on a page, which are to be so many."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.M | re.S)
    assert len(blocks) == count, f"{len(blocks)} blocks of {language} in {page}"
    return blocks


def documented_options():
    """What a server behind a proxy is told there."""
    commands = re.findall(r"^chinwag (--allow-origin .*)$", PAGE.read_text(), re.M)
    assert len(commands) == 1, commands
    return commands[0].split(" ")


def put(text, old, new, count=1):
    """Puts the test's own port, path or timeout in the place of the page's."""
    assert text.count(old) == count, f"{old!r} stands {text.count(old)} times in\n{text}"
    return text.replace(old, new)


def guarded(text, passwords):
    """nginx, told of passwords and limits as well."""
    password, zones, limits = documented_blocks("nginx", 3, ENTERING)
    password = put(password, "/etc/nginx/chat.htpasswd", str(passwords))
    return zones + put(text, "location / {\n", f"location / {{\n{password}{limits}")


class Proxy:
    """nginx or HAProxy, cutting what is idle for longer than `timeout` seconds; nginx with guards, if there is a file of
    passwords."""

    def __init__(self, kind, work, server_port, timeout, passwords=None):
        self.port = free_port()
        key, pem, both = certificate(work)
        [text] = documented_blocks(kind, 1)
        text = put(text, "127.0.0.1:8080", f"127.0.0.1:{server_port}")
        config = work / f"{kind}.conf"
        if passwords:
            text = guarded(text, passwords)
        if kind == "nginx":
            text = put(text, "listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl")
            text = put(text, f"/etc/ssl/{NAME}.pem", str(pem))
            text = put(text, f"/etc/ssl/{NAME}.key", str(key))
            text = put(text, "proxy_read_timeout 60s", f"proxy_read_timeout {timeout}s")
            # What a system's own nginx.conf has around it, kept in a directory of the test's own.
            temporary = "".join(f"{what}_temp_path {work}/{what};\n" for what in
                                ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            text = f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{text}}}\npid {work}/nginx.pid;\n"
            command = ["nginx", "-p", work, "-e", work / "nginx.log", "-c", config, "-g", "daemon off;"]
        else:
            text = put(text, "bind :443", f"bind 127.0.0.1:{self.port}")
            text = put(text, f"/etc/ssl/{NAME}.pem", str(both))
            text = put(text, "timeout tunnel 60s", f"timeout tunnel {timeout}s")
            command = ["haproxy", "-db", "-f", config]
        config.write_text(text)
        self.log = open(work / f"{kind}.out", "a")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.trust = ssl.create_default_context(cafile=pem)
        wait_for_port(self.process, self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)

    @property
    def host(self):
        return f"{NAME}:{self.port}"

    def ask(self, path, host=None, method="GET", fields=""):
        """Status, headers and body of an answer over TLS."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as plain:
            with self.trust.wrap_socket(plain, server_hostname=NAME) as secure:
                host = host or self.host
                head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n"
                secure.sendall(head.encode())
                answer = b"".join(iter(lambda: secure.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        pairs = (field.split(":", 1) for field in fields)
        headers = {name.lower(): value.strip() for name, value in pairs}
        return int(status.split(" ")[1]), headers, body
