# SPDX-License-Identifier: Apache-2.0
"""Zone0 serves disks, network, console and entropy of Linux zones; its server is killed in the
middle of it, more than once, and nobody notices but the server's log.
"""
import re

from zone.common import check_ticks, linux_off, linux_up, tick_off

ZONE0 = "zone0"

def begin(machine, stanza):
    """The server starts, and so does a zone."""
    machine.run_ok(ZONE0, "serving start")
    linux_up(machine, "web", stanza.timeout)
    text = machine.run_ok("web", "work devices")
    for name in ("vda", "vdb", "eth0", "virtio_rng"):
        machine.check(name in text, f"no {name}: {text}")


def random(machine, stanza):
    text = machine.run_ok("web", "work random")
    sums = re.findall(r"^[0-9a-f]{32}", text, re.M)
    machine.check(len(set(sums)) == 2, text)


def disk(machine, stanza):
    """A file system with a journal; the server is killed while files are written."""
    kills = int(stanza.args["kills"])
    machine.run_ok("web", "work mount")
    machine.key("web", f"files /mnt/dir {stanza.args['files']} && echo all-there\n")
    for _ in range(kills):
        machine.rest(1.5)
        machine.run_ok(ZONE0, "serving kill")
    machine.expect("web", rf"files: {stanza.args['files']} good", stanza.timeout)
    machine.expect("web", "all-there", 20)
    machine.run_ok("web", "umount /mnt", 60)
    text = machine.run_ok("web", "e2fsck -fn /dev/vda", 120)
    machine.check("clean" in text or "5: Checking group summary" in text, text)
    log = machine.run_ok(ZONE0, "grep -c 'web.disk: served' /tmp/serve.log")
    machine.check(int(log) == kills + 1, f"{log} servers for {kills} kills")


def packed(machine, stanza):
    """Packed rings: what is written while the server is killed is read again by another one."""
    machine.key("web", "work write\n")
    machine.rest(2)
    machine.run_ok(ZONE0, "serving kill")
    machine.expect("web", "^work: written", stanza.timeout)
    machine.run_ok(ZONE0, "serving kill")
    text = machine.run_ok("web", "work compare", 60)
    machine.check("same" in text, text)


def net(machine, stanza):
    """Two zones, with zone0 as the router between them."""
    machine.run_ok(ZONE0, "serving route")
    machine.run_ok(ZONE0, "vitrine zone start peer")
    linux_up(machine, "peer", stanza.timeout)
    machine.run_ok("web", "work net 1")
    machine.run_ok("peer", "work net 2")
    text = machine.run_ok("web", "ping -c 3 10.0.2.2", 30)
    machine.check("3 packets received" in text, text)
    machine.run_ok("web", "work httpd", 60)
    want = machine.run_ok("web", "cut -c1-64 /tmp/sum").strip()
    machine.key("peer", "work wget\n")
    machine.rest(0.5)
    machine.run_ok(ZONE0, "serving kill")
    machine.expect("peer", want, stanza.timeout)


def console(machine, stanza):
    machine.key("web", "work echo &\n")
    machine.rest(1)
    text = machine.run_ok(ZONE0, "serving talk", 30)
    machine.check("got hello" in text, text)


def life(machine, stanza):
    """A zone that is reset or stopped gets its memory back from the server at once."""
    for _ in range(2):
        machine.run_ok(ZONE0, "vitrine zone reset web")
        linux_up(machine, "web", stanza.timeout)
        machine.run_ok("web", "work mount; sha256sum /mnt/dir/3")
    about = machine.run_ok(ZONE0, "vitrine zone status web")
    machine.check("device" not in about.lower().split("devices")[0], about)
    machine.run_ok(ZONE0, "vitrine zone stop web")
    machine.run_ok(ZONE0, "serving end; tail -n 1 /tmp/serve.log | grep ends")


def idle(machine, stanza):
    """Without work the server needs no CPU."""
    read = "cut -d' ' -f14,15 /proc/$(cat /run/serve.pid)/stat"
    before = machine.run_ok(ZONE0, read).split()
    machine.rest(4)
    after = machine.run_ok(ZONE0, read).split()
    spent = sum(map(int, after)) - sum(map(int, before))
    machine.check(spent <= 2, f"{spent} ticks of 10 ms in 4 s without work")


STEPS = (begin, random, disk, packed, net, console, idle, life)


def test(machine, stanza):
    linux_up(machine, ZONE0, stanza.timeout)
    for step in STEPS:
        print(f"  {step.__name__}", flush=True)
        step(machine, stanza)
    check_ticks(machine)
    linux_off(machine, "peer")
    linux_off(machine, ZONE0)
    tick_off(machine)
    machine.expect_exit()
