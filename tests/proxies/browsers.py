"""A Redis, two servers and nginx in front of one of them, for two browsers: see browsers.cjs."""

import subprocess
import sys
from pathlib import Path

from house import Chinwag, Proxy, documented_options, end, free_port, wait_for_port

BINARY, WORK = sys.argv[1], Path(sys.argv[2]).resolve()
# No loopback address and no TLS: a page from there has no secure context.
PLAIN = "plain.example.org"

redis_port, ports = free_port(), [free_port(), free_port()]
command = ["redis-server", "--bind", "127.0.0.1", "--port", str(redis_port), "--save", ""]
redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
try:
    wait_for_port(redis, redis_port)
    shared = ["--redis", f"redis://127.0.0.1:{redis_port}"]
    plain = ["--allow-origin", f"http://{PLAIN}:{ports[1]}"]
    with Chinwag(BINARY, WORK, ports[0], [*shared, *documented_options()]), \
            Chinwag(BINARY, WORK, ports[1], [*shared, *plain]), \
            Proxy("nginx", WORK, ports[0], 60) as proxy:
        urls = [f"https://{proxy.host}/kitchen", f"http://{PLAIN}:{ports[1]}/kitchen"]
        subprocess.run(["node", "tests/proxies/browsers.cjs", *urls], check=True, timeout=300)
finally:
    end(redis)
