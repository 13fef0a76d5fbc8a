# SPDX-License-Identifier: Apache-2.0
"""U-Boot loads the image by booti; at another address than the plan's it must say what is wrong."""
PLANNED = 0x40200000


def test(machine, stanza):
    address = int(stanza.args.get("address", hex(PLANNED)), 0)
    machine.expect("", "Hit any key to stop autoboot", 30)
    machine.send(" ")
    machine.expect("", "=> $", 20)
    if address != PLANNED:
        machine.send(f"cp.b {PLANNED:#x} {address:#x} 0x100000\r")
        machine.expect("", "=> $", 20)
    machine.send(f"booti {address:#x} - ${{fdtcontroladdr}}\r")
    if address != PLANNED:
        machine.expect("", "cannot start: the boot image was loaded at another address", 20)
        return
    machine.expect("bare", "hello from bare", 20)
    machine.key("bare", "q")
    machine.expect_exit()
