# SPDX-License-Identifier: Apache-2.0
"""Zone0 without what it needs: `vitrine doctor` names the next thing that is missing, each verb
says why it can't, and when all is there, all works. With kernel=6.1 it can never be.
"""
import jsonschema

from harness.zone0_schema import SCHEMAS
from zone.common import linux_off, linux_up
from zone.zone0 import ZONE0, ask, documents, refused

MODULES = ["libnvdimm", "of_pmem", "nd_pmem", "device_dax", "dax_pmem"]
NEEDS = {"nd_pmem": ["nd_btt"]}  # without a check of its own


def finding(machine, name):
    """What doctor says of one thing."""
    status, text = machine.run(ZONE0, "vitrine doctor --json")
    found = documents(text)[0]["zone0"]
    jsonschema.validate(found, SCHEMAS["doctor"]["properties"]["zone0"])
    machine.check((status == 0) == found["usable"], f"status {status}: {found}")
    return next(check for check in found["checks"] if check["name"] == name)


def missing(machine, module):
    """One module is the next that is not there."""
    check = finding(machine, "device-DAX")
    machine.check(not check["good"] and f"module {module} is not" in check["text"], f"{check}")
    machine.check(check["remedy"] == f"modprobe {module}", f"{check}")
    refused(machine, "zone list", 7, "not there as device-DAX")
    refused(machine, "top", 7, "remedy: load the modules of_pmem")


def old_kernel(machine):
    for module in MODULES[:2]:
        machine.run_ok(ZONE0, f"insmod /lib/{module}.ko")
    check = finding(machine, "device-DAX")
    machine.check(not check["good"] and "has no ZONE_DEVICE" in check["text"], f"{check}")
    machine.check("boot Debian's 6.12" in check["remedy"], f"{check}")
    refused(machine, "zone list", 7, "not there as device-DAX")


def new_kernel(machine):
    for module in MODULES:
        missing(machine, module)
        for name in NEEDS.get(module, []) + [module]:
            machine.run_ok(ZONE0, f"insmod /lib/{name}.ko")
    check = finding(machine, "device-DAX")
    machine.check(check["good"], f"{check}")
    check = finding(machine, "interrupts")
    machine.check(not check["good"] and check["remedy"] == "modprobe uio_pci_generic", f"{check}")
    refused(machine, "zone list", 7, "a system call failed: No such file or directory")
    machine.run_ok(ZONE0, "mkdir /run")
    machine.check(finding(machine, "pool")["good"], "no pool")
    zones = ask(machine, "zone list")[0]["zones"]
    machine.check([zone["name"] for zone in zones] == [ZONE0], f"{zones}")
    machine.run_ok(ZONE0, "echo u:x:1000:1000::/:/bin/sh >/etc/passwd")
    machine.run_ok(ZONE0, "echo u:x:1000: >/etc/group")
    status, text = machine.run(ZONE0, "su u -c 'vitrine zone list'")
    machine.check(status == 7 and "not allowed; remedy: run it as root" in text, text)
    machine.run_ok(ZONE0, "mount -o ro -t tmpfs none /run")
    refused(machine, "zone list", 7, "a system call failed: Read-only file system")


def test(machine, stanza):
    linux_up(machine, ZONE0, stanza.timeout)
    refused(machine, "log", 7, "not there as device-DAX")
    if stanza.kernel == "6.1":
        old_kernel(machine)
    else:
        new_kernel(machine)
    linux_off(machine, ZONE0)
    machine.expect_exit()
