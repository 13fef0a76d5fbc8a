# SPDX-License-Identifier: Apache-2.0
"""An attack guest beside a Linux with a checksum job and a counter.

The attacker gets its seed after a round of the job without attack, and says at the end how many
attempts and faults it made and whether each came out as it must. The neighbours must compute right
and miss nothing. Their time is counted as CPU time of the emulated CPU's host thread: what others
do to the host does not count, but what the hypervisor lets an attacker do to the CPU does.
"""
import hashlib
import re
import time

from harness.machine import SLOW
from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off

LINES = 50_000  # one write each, which is slow: the file is COPIES of them
COPIES = 20
ROUNDS = 4
BOUND = 3.0  # CPU time of the job under attack, to that of the job alone
HYP_LINES = 60  # of the hypervisor about the attacker, per ten seconds: 16 per vCPU, and a reserve


def expected_sum():
    text = "".join(f"{i}\n" for i in range(1, LINES + 1))
    return hashlib.sha256(text.encode() * COPIES).hexdigest()


class Job:
    """The neighbour's work: checks the result, keeps the CPU and wall time of each round."""

    def __init__(self, machine, zone):
        self.machine, self.zone = machine, zone
        self.cpu = machine.zones.index(zone)  # its only one
        self.sum = expected_sum()
        machine.run_ok(zone, f"seq 1 {LINES} >/part")
        machine.run_ok(zone, f"for i in $(seq {COPIES}); do cat /part; done >/data")

    def run(self):
        """(CPU seconds, wall seconds)"""
        wall, cpu = time.monotonic(), self.machine.cpu_seconds(self.cpu)
        command = f"for i in $(seq {ROUNDS}); do sha256sum /data; done"
        output = self.machine.run_ok(self.zone, command, 60)
        cpu, wall = self.machine.cpu_seconds(self.cpu) - cpu, time.monotonic() - wall
        # The kernel may say that an interrupt took long; others' lines may have cut these.
        found = re.sub(r"\s+", "", re.sub(r"\[ *\d+\.\d{6}\] [^\n]*", "", output))
        self.machine.check(found == (self.sum + "/data") * ROUNDS, f"{self.zone} computed {output}")
        return cpu, wall


def final(machine, guest, stanza):
    """The attacker's last lines; returns (attempts, faults)."""
    counts = machine.expect("attacker", rf"attack {guest}: seed {stanza.args['seed']} "
                            r"attempts (\d+) faults (\d+)\n", 10)
    found = machine.expect("attacker", rf"{guest}: (\d+) ok, (\d+) failed", 10)
    failed = re.findall(r"^\s*(FAIL .*)$", machine.text("attacker"), re.M)
    machine.check(found.group(2) == "0" and not failed, f"{found.group(0)}: {failed}")
    least = int(stanza.args["least"])
    machine.check(int(found.group(1)) >= least, f"{found.group(0)}: should be {least} claims")
    return int(counts.group(1)), int(counts.group(2))


def ask_witness(machine, stanza):
    """The attacker's peer, where there is one, says whether anything came to it that should not."""
    if "witness" in stanza.args:
        machine.key(stanza.args["witness"], "c")
        found = machine.expect("witness", r"witness: (\d+) ok, (\d+) failed", 20)
        failed = re.findall(r"^\s*(FAIL .*)$", machine.text("witness"), re.M)
        machine.check(found.group(2) == "0", f"{found.group(0)}: {failed}")


def is_over(machine, guest):
    machine.pump(0)
    machine.check_crash()
    text = machine.text("attacker")
    return re.search(rf"^{guest}: \d+ ok, \d+ failed|^fault: ", text, re.M) is not None or \
        re.search(r"zone stopped.*attacker", machine.text("hyp")) is not None


def under_attack(machine, stanza, guest, job):
    """Rounds of the job until the attack is over."""
    machine.key("attacker", f"{stanza.args['seed']},{stanza.args.get('thin', 1)}\r")
    machine.expect("attacker", rf"attack {guest}: begins", 20)
    rounds = []
    end = time.monotonic() + stanza.timeout * SLOW
    while not rounds or not is_over(machine, guest):
        rounds.append(job.run())
        machine.check(time.monotonic() < end, f"the attack is not over: "
                      f"{machine.text('attacker')[-400:]!r}")
    return rounds


def check_log(machine, seconds):
    """Nobody but the attacker is mentioned as a wrongdoer, and it not without end."""
    lines = [line for line in machine.text("hyp").splitlines() if re.match(r"\[.*\] [WE] ", line)]
    others = [line for line in lines if "attacker" not in line]
    machine.check(not others, f"warnings about others: {others}")
    machine.check(len(lines) <= HYP_LINES * (1 + seconds / 10),
                  f"{len(lines)} lines of the log in {seconds:.0f} s")


def test(machine, stanza):
    guest = stanza.args["guest"]
    begun = time.monotonic()
    linux_up(machine, "linux0", stanza.timeout)
    machine.expect("attacker", rf"attack {guest}: ready")
    next_tick(machine)
    job = Job(machine, "linux0")
    job.run()  # the first is for the host's translation of the code
    alone = job.run()
    rounds = under_attack(machine, stanza, guest, job)
    attempts, faults = final(machine, guest, stanza)
    machine.check(attempts >= int(stanza.args["attempts"]), f"only {attempts} attempts")
    machine.check(faults >= int(stanza.args.get("faults", 0)), f"only {faults} faults")
    cpu = sum(r[0] for r in rounds) / len(rounds)
    wall = sum(r[1] for r in rounds) / len(rounds)
    with open(machine.log.with_name("attack.log"), "w", encoding="utf-8") as log:
        log.write(f"attempts {attempts} faults {faults}\n"
                  f"job alone: cpu {alone[0]:.2f} s, wall {alone[1]:.2f} s\n"
                  f"under attack, mean of {len(rounds)}: cpu {cpu:.2f} s, wall {wall:.2f} s\n")
    machine.check(cpu <= BOUND * alone[0],
                  f"the job took {cpu:.2f} s of CPU instead of {alone[0]:.2f} s")
    machine.check(job.run()[0] <= BOUND * alone[0], "the job is slow after the attack, too")
    machine.expect("hyp", r"zone stopped.*attacker", 20)
    ask_witness(machine, stanza)
    check_log(machine, time.monotonic() - begun)
    next_tick(machine)
    check_ticks(machine)
    linux_off(machine, "linux0")
    tick_off(machine)
    machine.expect_exit()
