#!/usr/bin/env python3
# swift_node.py: a throwaway single-node OpenStack Swift with its S3 API on loopback, for tests against a real server.
# SPDX-License-Identifier: Apache-2.0
"""Needs the Debian packages swift-proxy swift-account swift-container swift-object (memcached is used when there).

    swift_node.py     starts four services on free ports below a temporary folder, prints {"port": N, ...} when they answer,
                 and ends with its stdin or SIGTERM, stopping what it started and removing the folder.

Strict about signatures, dates and Content-MD5; knows neither x-amz-checksum headers nor If-None-Match (501)."""
import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from ports import free_ports

ACCESS_KEY, SECRET_KEY, REGION = "test:tester", "testing", "us-east-1"
SERVICES = ("object", "container", "account", "proxy")

SWIFT_CONF = """[swift-hash]
swift_hash_path_suffix = {salt}
swift_hash_path_prefix = {salt}
[storage-policy:0]
name = Policy-0
default = yes
[swift-constraints]
max_header_size = 16384
max_meta_value_length = 2048
max_meta_overall_size = 8192
"""

DEFAULTS = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {etc}
devices = {devices}
mount_check = false
disable_fallocate = true
log_level = WARNING
log_address = {work}/no-log
workers = 0
recon_cache_path = {work}
"""

# The one node there is may be slow on a busy machine. Left to itself, Swift gives up a connection after half a second, after ten such
# errors the node for a minute, and lets a listing lag behind after a second.
PATIENCE = """conn_timeout = 60
node_timeout = 60
recoverable_node_timeout = 60
container_update_timeout = 60
error_suppression_limit = 1000000
"""

SERVICE_CONF = """[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
""" + PATIENCE

PROXY_CONF = """[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy dlo slo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
{patience}[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcache}
connect_timeout = 60
pool_timeout = 60
io_timeout = 60
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = {region}
dns_compliant_bucket_names = true
storage_domain = localhost
check_bucket_owner = false
min_segment_size = 5242880
allow_multipart_uploads = true
[filter:tempauth]
use = egg:swift#tempauth
user_{user_key} = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:dlo]
use = egg:swift#dlo
[filter:slo]
use = egg:swift#slo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
"""

# Nine calls of swift-ring-builder take many seconds; its library does it in one process of the system's Python.
RINGS = """
import sys
from swift.common.ring import RingBuilder
folder, ports = sys.argv[1], dict(zip(("object", "container", "account"), map(int, sys.argv[2:5])))
for name, port in ports.items():
    builder = RingBuilder(8, 1, 0)
    builder.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': port, 'device': 'd1', 'weight': 1.0,
                     'replication_ip': '127.0.0.1', 'replication_port': port, 'meta': ''})
    builder.rebalance()
    builder.get_ring().save('%s/%s.ring.gz' % (folder, name))
"""


def missing_programs():
    names = [f"swift-{name}-server" for name in SERVICES]
    return [n for n in names if shutil.which(n) is None]


class Node:
    def __init__(self):
        self.work = Path(tempfile.mkdtemp(prefix="nl-swift-"))
        self.running = []
        names = (*SERVICES, "memcached")
        self.ports = dict(zip(names, free_ports(len(names))))

    def write_configuration(self):
        etc, devices = self.work / "etc", self.work / "node"
        etc.mkdir()
        (devices / "d1").mkdir(parents=True)
        (etc / "swift.conf").write_text(SWIFT_CONF.format(salt=os.urandom(8).hex()))
        common = {"user": getpass.getuser(), "etc": etc, "devices": devices, "work": self.work}
        for name in SERVICES:
            body = SERVICE_CONF.format(name=name) if name != "proxy" else PROXY_CONF.format(
                memcache=self.ports["memcached"], region=REGION, user_key=ACCESS_KEY.replace(":", "_"), secret=SECRET_KEY,
                patience=PATIENCE)
            (etc / f"{name}-server.conf").write_text(DEFAULTS.format(port=self.ports[name], **common) + body)
        subprocess.run(["/usr/bin/python3", "-B", "-c", RINGS, str(etc),
                        *(str(self.ports[n]) for n in ("object", "container", "account"))],
                       check=True, cwd=etc)

    def run(self, name, *command):
        log = open(self.work / f"{name}.log", "wb")
        self.running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        log.close()

    def start(self):
        self.write_configuration()
        if shutil.which("memcached"):
            account = ("-u", "nobody") if os.geteuid() == 0 else ()
            self.run("memcached", "memcached", "-l", "127.0.0.1", "-p", str(self.ports["memcached"]), "-m", "64", *account)
        for name in SERVICES:
            self.run(name, f"swift-{name}-server", str(self.work / "etc" / f"{name}-server.conf"))
        return all([self.wait_for_port(self.ports[n]) for n in SERVICES]) and self.healthy()

    def wait_for_port(self, port):
        for _ in range(600):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    return True
            if any(p.poll() is not None for p in self.running):
                return False
            time.sleep(0.1)
        return False

    def healthy(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['proxy']}/healthcheck", timeout=30) as answer:
            return answer.status == 200

    def logs(self):
        return "\n".join(f"--- {f.name}\n{f.read_text(errors='replace')[-2000:]}" for f in sorted(self.work.glob("*.log")))

    def stop(self):
        for process in self.running:
            process.terminate()
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.work, ignore_errors=True)


def end_with_stdin(over):
    """Whoever started us holds our stdin: when it closes, they are gone, and so are we."""
    while os.read(0, 4096):
        pass
    over.set()


def main():
    absent = missing_programs()
    if absent:
        print(json.dumps({"missing": absent}), flush=True)
        return 3
    node = Node()
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    signal.signal(signal.SIGINT, lambda *_: over.set())
    threading.Thread(target=end_with_stdin, args=(over,), daemon=True).start()
    try:
        if not node.start():
            print(node.logs(), file=sys.stderr)
            return 1
        print(json.dumps({"port": node.ports["proxy"], "access_key": ACCESS_KEY, "secret_key": SECRET_KEY,
                          "region": REGION}), flush=True)
        while not over.wait(1):
            if any(p.poll() is not None for p in node.running):
                print(node.logs(), file=sys.stderr)
                return 1
    finally:
        node.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
