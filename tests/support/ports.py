# ports.py: ports for servers that must be told theirs before they start.
# SPDX-License-Identifier: Apache-2.0
import random
import socket


def free_ports(count):
    """Below the range from which the kernel serves connections and bind(0): those come and go while a server starts, these do not."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as limits:
        first_of_kernel = int(limits.read().split()[0])
    low, end = (10240, first_of_kernel) if first_of_kernel > 12288 else (10240, 65536)
    found, held = [], []
    try:
        while len(found) < count:
            port, probe = random.randrange(low, end), socket.socket()
            held.append(probe)
            try:
                probe.bind(("127.0.0.1", port))
                found.append(port)
            except OSError:
                pass
        return found
    finally:
        for probe in held:
            probe.close()
