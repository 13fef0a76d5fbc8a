# SPDX-License-Identifier: Apache-2.0
"""Good plans: zone trees, boot image, maps, reproduction; the boards against QEMU's own tree."""
import pathlib
import re
import shutil
import struct
import subprocess

import fixtures
import pytest

PAGE = fixtures.PAGE
MIB = 1 << 20
RAM = 0x40000000


def build(program, files, plan, out):
    done = fixtures.run(program, "plan", "build", plan, "-o", out, "--hyp", files / "hyp.bin",
                        "--set", f"files={files}")
    assert done.returncode == 0 and not done.stderr, done.stderr
    return out


@pytest.fixture(scope="session", name="three")
def fixture_three(program, files, tmp_path_factory):
    return build(program, files, fixtures.HERE / "good" / "three.yaml",
                 tmp_path_factory.mktemp("three"))


def write_plan(where, *changes):
    """three.yaml with texts replaced."""
    text = (fixtures.HERE / "good" / "three.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (where / "plan.yaml").write_text(text)
    return where / "plan.yaml"


# --- device trees ---------------------------------------------------------------------------------
def decompile(path, *flags):
    """The tree as source; any warning of dtc is an error."""
    done = subprocess.run(["dtc", *flags, "-I", "dtb", "-O", "dts", path], capture_output=True,
                          text=True, check=True)
    assert not done.stderr, done.stderr
    return done.stdout


def nodes(path, *flags):
    """{node path: {property: value as dtc prints it}}"""
    found, stack = {}, []
    for line in decompile(path, *flags).splitlines():
        line = line.strip()
        if line.endswith("{"):
            stack.append(line[:-1].strip().strip("/"))
            found["/".join(stack) or "/"] = {}
        elif line == "};":
            stack.pop()
        elif line and stack:
            name, _, value = line.rstrip(";").partition(" = ")
            found["/".join(stack) or "/"][name] = value
    return found


def cells(text):
    return [int(cell, 16) for cell in text.strip("<>").split()]


def test_tree_of_linux(three):
    tree = nodes(three / "linux0.dtb")
    assert set(tree) == {
        "/", "/chosen", "/cpus", "/cpus/cpu@0", "/cpus/cpu@1", "/memory@50000000",
        "/memory@90000000", "/psci", "/timer", "/intc@8000000", "/vitrine-clock",
        "/pl011@9000000", "/apb-pclk", "/pl031@9010000"}
    assert tree["/chosen"]["bootargs"] == '"console=ttyAMA0 a=1"'
    assert tree["/chosen"]["stdout-path"] == '"/pl011@9000000"'
    start, end = (cells(tree["/chosen"][f"linux,initrd-{key}"])[1] for key in ("start", "end"))
    assert end - start == 25600 and start % (2 * MIB) == 0
    assert not {"rng-seed", "kaslr-seed"} & set(tree["/chosen"])
    assert cells(tree["/memory@50000000"]["reg"]) == [0, 0x50000000, 0, 256 * MIB]
    assert cells(tree["/intc@8000000"]["reg"]) == [0, 0x8000000, 0, 0x10000, 0, 0x80A0000, 0,
                                                   0x40000]
    assert cells(tree["/cpus/cpu@1"]["reg"]) == [1]
    assert tree["/psci"]["method"] == '"hvc"'
    assert cells(tree["/timer"]["interrupts"]) == [1, 13, 4, 1, 14, 4, 1, 11, 4]
    gic = cells(tree["/intc@8000000"]["phandle"])
    assert cells(tree["/"]["interrupt-parent"]) == gic
    assert tree["/pl031@9010000"]["clocks"] == tree["/apb-pclk"]["phandle"]
    assert cells(tree["/pl011@9000000"]["clocks"]) == cells(tree["/vitrine-clock"]["phandle"]) * 2


def test_tree_with_gpio(three):
    tree = nodes(three / "linux1.dtb")
    assert {"/gpio-keys", "/gpio-keys/poweroff", "/pl061@9030000"} <= set(tree)
    assert cells(tree["/gpio-keys/poweroff"]["gpios"])[0] == \
        cells(tree["/pl061@9030000"]["phandle"])[0]
    assert "linux,initrd-start" in tree["/chosen"]
    assert tree["/memory@40000000"]["reg"] == "<0x00 0x40000000 0x00 0x8000000>"


def test_tree_of_program(three):
    tree = nodes(three / "tick.dtb")
    assert "bootargs" not in tree["/chosen"] and "/apb-pclk" not in tree
    assert set(cells(tree["/cpus/cpu@0"]["reg"])) == {0}


def test_tree_with_pcie(program, files, tmp_path):
    """PCI: windows become regions, interrupt-map stays valid, the ITS is gone."""
    plan = write_plan(tmp_path, ("access: [/pl031@9010000]",
                                 "access: [/pcie@10000000]\n    dma: trusted"))
    out = build(program, files, plan, tmp_path / "out")
    tree = nodes(out / "linux0.dtb")
    pcie = tree["/pcie@10000000"]
    assert "msi-map" not in pcie and not any("its@" in name for name in tree)
    row = cells(pcie["interrupt-map"])[:10]
    assert row[4] == cells(tree["/intc@8000000"]["phandle"])[0]
    assert cells(tree["/intc@8000000"]["#address-cells"]) == [2]
    plan_bin = Plan((out / "plan.bin").read_bytes())
    ranges = {(hpa, size) for gpa, hpa, size, zone, kind in plan_bin.regions
              if zone == 0 and kind == 1}
    assert ranges == {(0x4010000000, 0x10000000), (0x3EFF0000, 0x10000),
                      (0x10000000, 0x2EFF0000), (0x8000000000, 0x8000000000)}
    assert {intid for zone, intid, _, _ in plan_bin.irqs if zone == 0} == {35, 36, 37, 38}
    show = fixtures.run(program, "plan", "show", plan, "--set", f"files={files}").stdout
    assert "DMA TRUSTED" in show


def test_page_of_devices(program, files, tmp_path):
    """Eight virtio transports in one page become one region when they have one owner."""
    devices = ", ".join(f"/virtio_mmio@{0xA000000 + 0x200 * i:x}" for i in range(8))
    plan = write_plan(tmp_path, ("access: [/pl031@9010000]",
                                 f"access: [{devices}]\n    dma: trusted"))
    out = build(program, files, plan, tmp_path / "out")
    plan_bin = Plan((out / "plan.bin").read_bytes())
    assert [row[:3] for row in plan_bin.regions if row[3] == 0 and row[4] == 1] == \
        [(0xA000000, 0xA000000, PAGE)]
    assert [flags for zone, _, flags, _ in plan_bin.irqs if zone == 0] == [1] * 8  # edge
    names = [name for name in nodes(out / "linux0.dtb") if "virtio" in name]
    assert names == sorted(names) and len(names) == 8


def test_passthrough_console(program, files, tmp_path):
    plan = write_plan(tmp_path, ("console: /pl011@9000000", "console: none"),
                      ("access: [/pl031@9010000]", "access: [/pl011@9000000]"))
    out = build(program, files, plan, tmp_path / "out")
    tree = nodes(out / "linux0.dtb")
    assert tree["/pl011@9000000"]["clocks"].split()[0].strip("<>") == \
        tree["/apb-pclk"]["phandle"].strip("<>")
    assert "/vitrine-clock" not in tree
    assert tree["/chosen"]["stdout-path"] == '"/pl011@9000000"'


# --- plan.bin and boot.img ------------------------------------------------------------------------
class Plan:
    """plan.bin by abi/plan.h, read on its own so that a slip in either shows."""

    def __init__(self, data):
        (self.magic, self.version, self.size, self.hyp, self.hyp_size, self.image,
         self.image_size) = struct.unpack_from("<QIIQQQQ", data)
        (cpus, zones, regions, irqs, images, self.log, channels,
         functions) = struct.unpack_from("<8I", data, 48)
        at = 80
        self.gic, self.conduit = struct.unpack_from("<II", data, at)
        at += 8 + 11 * 8 + 6 * 4 + 8 * 16
        (self.smmu, self.smmu_size, self.smmu_intid, reserved,
         self.ecam, self.its, self.its_size, self.ports) = struct.unpack_from("<QQIIQQQQ", data, at)
        assert reserved == 0
        at += 56
        self.cpus = [struct.unpack_from("<QII", data, at + 16 * i) for i in range(cpus)]
        at += 16 * 16
        self.zones = [struct.unpack_from("<24sIIIIQQQQQQQIIQQQQQQ", data, at + 152 * i)
                      for i in range(zones)]
        at += 152 * 8
        self.regions = [struct.unpack_from("<QQQIIII", data, at + 40 * i)[:5]
                        for i in range(regions)]
        self.pools = [struct.unpack_from("<I", data, at + 40 * i + 32)[0] for i in range(regions)]
        at += 40 * 96
        self.irqs = [struct.unpack_from("<IIII", data, at + 16 * i) for i in range(irqs)]
        at += 16 * 256
        self.images = [struct.unpack_from("<QQQII", data, at + 32 * i) for i in range(images)]
        at += 32 * 48
        self.channels = [struct.unpack_from("<24sQQIIIIQIIIIQII", data, at + 96 * i)
                         for i in range(channels)]
        at += 96 * 16
        self.functions = [struct.unpack_from("<IIIIII", data, at + 24 * i)
                          for i in range(functions)]
        at += 24 * 16
        self.control = struct.unpack_from("<IIII", data, at)
        at += 16
        count, self.let_go = struct.unpack_from("<II", data, at)
        self.virtio = [struct.unpack_from("<24sIIQIIII", data, at + 8 + 56 * i)
                       for i in range(count)]
        assert at + 8 + 56 * 32 == len(data)


def test_plan_of_three(three):
    data = (three / "plan.bin").read_bytes()
    plan = Plan(data)
    assert data[:8] == b"VTRPLAN1" and plan.size == len(data) and plan.log == 3
    assert plan.hyp == RAM and plan.image == RAM + 2 * MIB and plan.hyp_size % (2 * MIB) == 0
    assert plan.hyp + plan.hyp_size - plan.image - plan.image_size >= 8 * MIB  # the pool
    assert plan.cpus == [(0, 0, 1), (1, 0, 0), (2, 1, 0), (3, 2, 0)]  # cpus: [1, 0]
    assert [zone[0].rstrip(b"\0") for zone in plan.zones] == [b"linux0", b"linux1", b"tick"]
    assert [zone[2] for zone in plan.zones] == [0, 2, 4]  # flags: debug denied, direct
    assert plan.zones[1][5] == RAM + 0x80000  # text_offset
    for i, (_, base, size, _, _) in enumerate(plan.regions):
        for _, other, other_size, _, _ in plan.regions[:i]:
            assert base + size <= other or other + other_size <= base
    ram = [row for row in plan.regions if row[4] == 0]
    assert all(hpa % (2 * MIB) == 0 for _, hpa, _, _, _ in ram)
    assert all(hpa + size <= 1 << 32 for _, hpa, size, _, _ in ram)


def test_boot_image(three, files):
    data = (three / "boot.img").read_bytes()
    plan = Plan((three / "plan.bin").read_bytes())
    hyp = (files / "hyp.bin").read_bytes()
    assert len(data) == plan.image_size and len(data) % PAGE == 0
    assert data[:16] == hyp[:16] and data[24:len(hyp)] == hyp[24:]
    assert struct.unpack_from("<Q", data, 16)[0] == plan.hyp + plan.hyp_size - plan.image
    assert data[0x8000:0x8000 + plan.size] == (three / "plan.bin").read_bytes()
    kernel, initrd = (files / "Image").read_bytes(), (files / "initrd").read_bytes()
    blob = {(zone, gpa): data[offset:offset + size]
            for offset, size, gpa, zone, _ in plan.images}
    assert blob[0, 0x50000000] == kernel
    assert blob[0, plan.zones[0][6]] == (three / "linux0.dtb").read_bytes()
    assert list(blob.values()).count(initrd) == 2
    assert blob[2, 0x40210000] == b"data" * 8
    info = blob[2, plan.zones[2][7]]
    assert info[:8] == b"VTRBOOT1" and info[16:20] == b"tick"
    assert struct.unpack_from("<QQQQQ", info, 48) == (RAM, 16 * MIB, 0x8000000, 0x80A0000,
                                                      0x9000000)
    assert struct.unpack_from("<III", info, 88) == (33, 27, 30)


def test_same_files_are_stored_once(three, program, files, tmp_path):
    plan = Plan((three / "plan.bin").read_bytes())
    initrds = {offset for offset, size, _, _, _ in plan.images if size == 25600}
    assert len(initrds) == 1
    same = write_plan(tmp_path, ("Image.offset", "Image"))
    plan = Plan((build(program, files, same, tmp_path / "out") / "plan.bin").read_bytes())
    kernels = [offset for offset, size, _, _, _ in plan.images if size == 16 * PAGE]
    assert len(kernels) == 2 and len(set(kernels)) == 1


def test_reproducible(three, program, files, tmp_path):
    """The same bytes again, from another directory with a copy of the plan."""
    copy = write_plan(tmp_path)
    again = build(program, files, copy, tmp_path / "out")
    names = sorted(path.name for path in three.iterdir())
    assert names == ["boot.img", "linux0.dtb", "linux1.dtb", "plan.bin", "tick.dtb"]
    for name in names:
        assert (three / name).read_bytes() == (again / name).read_bytes(), name


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_zones_of_one_cpu(count, program, files, tmp_path):
    zones = "".join(f"  - {{ name: z{i}, cpus: [{i}], memory: [{{ size: 16M, ipa: 0x40000000 }}],\n"
                    f"      boot: {{ elf: \"${{files}}/program.elf\" }} }}\n" for i in range(count))
    (tmp_path / "plan.yaml").write_text(
        f"board: qemu-virt-aarch64\nmachine: {{ cpus: {count}, memory: 1G }}\nzones:\n{zones}")
    out = build(program, files, tmp_path / "plan.yaml", tmp_path / "out")
    assert len(Plan((out / "plan.bin").read_bytes()).zones) == count


@pytest.mark.parametrize("size", ["64M", "128M", "1G", "3G", "12G"])
@pytest.mark.parametrize("where", ["", ", ipa: 0x40000000", ", base: 0x80000000"])
def test_sizes(size, where, program, files, tmp_path):
    (tmp_path / "plan.yaml").write_text(
        "board: qemu-virt-aarch64\nmachine: { cpus: 1 }\nzones:\n"
        f"  - {{ name: z, cpus: [0], memory: [{{ size: {size}{where} }}],\n"
        "      boot: { kernel: \"${files}/Image\" } }\n")
    out = build(program, files, tmp_path / "plan.yaml", tmp_path / "out")
    gpa, hpa, bytes_, _, _ = Plan((out / "plan.bin").read_bytes()).regions[0]
    wish = min(bytes_ & -bytes_, 1 << 30)
    assert hpa % wish == 0 and gpa % wish == 0  # blocks of 1 GiB where they fit
    assert where != "" or gpa == hpa


def test_console_none(program, files, tmp_path):
    plan = write_plan(tmp_path, ("interrupts: direct", "console: none"))
    tree = nodes(build(program, files, plan, tmp_path / "out") / "tick.dtb")
    assert "/pl011@9000000" not in tree and "stdout-path" not in tree["/chosen"]


# --- show -----------------------------------------------------------------------------------------
def test_show(program, files):
    done = fixtures.run(program, "plan", "show", fixtures.HERE / "good" / "three.yaml", "--hyp",
                        files / "hyp.bin", "--set", f"files={files}")
    assert done.returncode == 0
    text = done.stdout
    assert text.startswith("board qemu-virt-aarch64: 4 CPUs, 2G of RAM, GICv3, firmware called")
    for line in (r"0x0050000000\.\.0x005fffffff +256M +linux0 +memory",
                 r"0x\w+\.\.0x\w+ +128M +linux1 +memory, in the zone at 0x40000000",
                 r"1 +0x0000000001 +linux0 +0", r"34 +linux0 +level +/pl031@9010000",
                 r"- +/virtio_mmio@a000000 and 31 more", r"linux1 +/gpio-keys",
                 r"0x\w+\.\.0x\w+ +25K +initrd", r"zone tick: realtime, 1 CPU, console emulated"):
        assert re.search(line, text), (line, text)
    assert max(map(len, text.splitlines())) <= 110


def test_show_names_all_devices(program, files, tmp_path):
    """By name, whatever the board: the hypervisor's own, and what a zone sees."""
    functions = (fixtures.HERE / "good" / "functions.yaml").read_text()
    gicv2 = (fixtures.HERE / "good" / "three.yaml").read_text().replace("aarch64", "aarch64-gicv2")
    channel = "channels: [{ name: data, peers: [linux0, motor], size: 64K }]\n"
    shown = ""
    for text in (functions + channel, gicv2):
        plan = tmp_path / "plan.yaml"
        plan.write_text(text)
        done = fixtures.run(program, "plan", "show", plan, "--set", f"files={files}")
        assert done.returncode == 0 and "(null)" not in done.stdout, done.stdout
        shown += done.stdout
    for line in (r"0x0008080000\.\.\w+ +128K +hypervisor +ITS$",
                 r"0x0008030000\.\.\w+ +64K +hypervisor +GIC's hypervisor interface$",
                 r"0x0008080000\.\.\w+ +128K +emulated ITS$",
                 r"0x0009000000\.\.\w+ +4K +emulated console$",
                 r"0x4010000000\.\.\w+ +4M +filtered PCI configuration$",
                 r"0x\w+\.\.\w+ +1M +emulated PCI configuration$",
                 r"0x\w+\.\.\w+ +\S+ +emulated PCI window$",
                 r"0x0008010000\.\.\w+ +8K +virtual interrupt CPU interface$"):
        assert re.search(line, shown, re.M), (line, shown)


def test_help_and_version(program):
    done = fixtures.run(program, "--help")
    assert done.returncode == 0 and "vitrine plan build PLAN" in done.stdout
    assert fixtures.run(program, "--version").stdout.startswith("vitrine ")


# --- zone0 in control -----------------------------------------------------------------------------
def test_control(program, files, tmp_path):
    plan_file = fixtures.HERE / "good" / "zone0.yaml"
    out = build(program, files, plan_file, tmp_path / "out")
    plan = Plan((out / "plan.bin").read_bytes())
    region, zone, slot, intid = plan.control
    regions = {kind: [row for row in plan.regions if row[4] == kind] for kind in range(4)}
    assert zone == 0 and plan.regions[region - 1][2:] == (4 * MIB, 0, 3)
    assert [row[:3] for row in regions[2]] == [(0x70000000, 0x70000000, 256 * MIB),
                                               (regions[2][1][0],) * 2 + (128 * MIB,)]
    lies = [(plan.regions[pool - 1][1], row[1], row[2])
            for row, pool in zip(plan.regions, plan.pools) if pool]
    assert lies == [(0x70000000, 0x70200000, 16 * MIB), (0x70000000, 0x71200000, 128 * MIB)]
    assert [zone[2] for zone in plan.zones] == [0, 8, 0]  # flags: manual
    tree = nodes(out / "linux0.dtb")
    seen = {path: node for path, node in tree.items() if path.startswith("/pmem@")}
    assert {tuple(cells(node["reg"])) for node in seen.values()} == \
        {(0, row[0], 0, row[2]) for row in regions[2] + regions[3]}
    assert all(node["compatible"] == '"pmem-region"' for node in seen.values())
    rows = cells(next(node for path, node in tree.items()
                      if path.startswith("/pcie@"))["interrupt-map"])
    assert [slot << 11, intid - 32] in [[rows[i], rows[i + 8]] for i in (0, 10)]
    assert not any(path.startswith("/pmem@") for path in nodes(out / "linux1.dtb"))
    done = fixtures.run(program, "plan", "show", plan_file, "--set", f"files={files}")
    for line in (r"0x0070000000\.\.\w+ +256M +linux0 +pool 'zones'$",
                 r"0x0071200000\.\.\w+ +128M +linux1 +memory in pool 'zones'$",
                 r"control device: PCI 02.0, interrupt \d+$", r"zone linux1: .*started by hand$"):
        assert re.search(line, done.stdout, re.M), (line, done.stdout)


def test_control_beside_memory(program, files, tmp_path):
    """Where zone0's own memory covers the machine's addresses, regions are seen elsewhere."""
    text = (fixtures.HERE / "good" / "zone0.yaml").read_text()
    plan_file = tmp_path / "plan.yaml"
    plan_file.write_text(text.replace("memory: [{ size: 512M }]",
                                      "memory: [{ size: 512M, ipa: 0x60000000 }]"))
    plan = Plan((build(program, files, plan_file, tmp_path / "out") / "plan.bin").read_bytes())
    zones = next(row for row in plan.regions if row[1] == 0x70000000)
    assert zones[0] >= 0xC0000000 and zones[0] % (2 * MIB) == 0


# --- virtio devices of zones ----------------------------------------------------------------------
def test_virtio(program, files, tmp_path):
    plan_file = fixtures.HERE / "good" / "virtio.yaml"
    out = build(program, files, plan_file, tmp_path / "out")
    plan = Plan((out / "plan.bin").read_bytes())
    assert plan.let_go == 500
    assert [(v[0].rstrip(b"\0"), v[1], v[2], v[5], v[6], v[7]) for v in plan.virtio] == [
        (b"disk", 1, 2, 4, 256, 0), (b"eth", 1, 1, 7, 256, 0), (b"eth", 2, 1, 2, 256, 0),
        (b"text", 2, 3, 2, 256, 0), (b"rng", 2, 4, 1, 256, 0)]
    for zone, name in (1, "linux1"), (2, "linux2"):
        own = [v for v in plan.virtio if v[1] == zone]
        assert [v[3] - own[0][3] for v in own] == [0x1000 * i for i in range(len(own))]
        assert len({v[4] for v in own} | {33}) == len(own) + 1  # 33: the console's
        tree = {path: node for path, node in nodes(out / f"{name}.dtb").items()
                if path.startswith("/virtio_mmio@")}
        assert len(tree) == len(own)
        for v in own:
            node = tree[f"/virtio_mmio@{v[3]:x}"]
            assert node["compatible"] == '"virtio,mmio"' and "dma-coherent" in node
            assert cells(node["reg"]) == [0, v[3], 0, 0x1000]
            assert cells(node["interrupts"]) == [0, v[4] - 32, 4]
    assert not any(path.startswith("/virtio_mmio@") for path in nodes(out / "linux0.dtb"))
    done = fixtures.run(program, "plan", "show", plan_file, "--set", f"files={files}")
    assert re.search(r"virtio device 1: net 'eth', 7 queues, registers 0x\w+, interrupt \d+$",
                     done.stdout, re.M), done.stdout


# --- channels -------------------------------------------------------------------------------------
def test_channels(program, files, tmp_path):
    plan_file = write_plan(tmp_path)
    with open(plan_file, "a", encoding="ascii") as out:
        out.write("channels:\n"
                  "  - { name: big, peers: [tick, linux0], size: 4M }\n"
                  "  - { name: ctl, peers: [linux0, tick], size: 64K, notify: false }\n")
    out = build(program, files, plan_file, tmp_path / "out")
    plan = Plan((out / "plan.bin").read_bytes())
    zones = [zone[0].rstrip(b"\0").decode() for zone in plan.zones]
    assert [channel[0].rstrip(b"\0") for channel in plan.channels] == [b"big", b"ctl"]
    assert [channel[3] for channel in plan.channels] == [1, 0]
    for channel in plan.channels:
        hpa, size = channel[1:3]
        assert hpa % min(size, 2 * MIB) == 0
        for region in plan.regions:
            assert region[1] + region[2] <= hpa or hpa + size <= region[1]
        for side in (channel[5:10], channel[10:15]):
            bus = plan.zones[side[0]]
            ecam, window, length = bus[-6:-3]
            assert ecam + MIB == window and side[2] % size == 0
            assert window + 32 * 4096 <= side[2] and side[2] + size <= window + length
    assert [(zones[c[5]], zones[c[10]]) for c in plan.channels] == [("tick", "linux0"),
                                                                 ("linux0", "tick")]
    tree = nodes(out / "linux0.dtb")
    node = next(value for path, value in tree.items() if path.startswith("/pcie@"))
    assert node["compatible"] == '"pci-host-ecam-generic"'
    assert "linux,pci-domain" not in node  # the zone's only host
    rows = cells(node["interrupt-map"])
    gic = cells(tree["/intc@8000000"]["phandle"])[0]
    side = plan.channels[0][10:15]
    assert rows[:10] == [side[1] << 11, 0, 0, 1, gic, 0, 0, 0, side[3] - 32, 4]
    assert not any(path.startswith("/pcie@") for path in nodes(out / "linux1.dtb"))
    info = next(image for image in (out / "boot.img").read_bytes().split(b"VTRBOOT1")[1:]
                if image[8:12] == b"tick")
    assert struct.unpack_from("<I", info, 92)[0] == 2  # after the magic: channel_count
    assert info[96:99] == b"big" and struct.unpack_from("<Q", info, 96 + 40)[0] == 4 * MIB
    done = fixtures.run(program, "plan", "show", plan_file, "--hyp", files / "hyp.bin", "--set",
                        f"files={files}")
    assert re.search(r"ctl +64K +no +tick +02\.0 +\d+ +0x", done.stdout), done.stdout


# --- PCI functions --------------------------------------------------------------------------------
def test_functions(program, files, tmp_path):
    plan_file = fixtures.HERE / "good" / "functions.yaml"
    done = fixtures.run(program, "plan", "build", plan_file, "--hyp", files / "hyp.bin", "--set",
                        f"files={files}", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    plan = Plan((tmp_path / "plan.bin").read_bytes())
    assert (plan.smmu, plan.smmu_size, plan.smmu_intid) == (0x9050000, 0x20000, 106)
    assert plan.ecam == 0x4010000000
    assert (plan.its, plan.its_size) == (0x8080000, 0x20000)
    assert plan.functions == [(0, 2 << 3, 2 << 3, 2 << 3, 32, 0),
                              (0, 6 << 3, 6 << 3, 6 << 3, 32, 0),
                              (1, 3 << 3, 3 << 3, 3 << 3, 32, 0)]
    assert sorted(irq[:2] for irq in plan.irqs) == [(0, 37), (1, 38)]  # two on one line
    assert plan.ports == 0x3EFF0000
    assert {(0x3EFF0000, 0x3EFF0000, 0x2000, 0, 1), (0x3EFF2000, 0x3EFF2000, 0x2000, 1, 1)} <= \
        set(plan.regions)
    window = (0x10000000, 0x10000000, 8 * MIB, 0, 1)
    assert window in plan.regions and plan.zones[0][-3:] == (0x10000000, 8 * MIB, plan.its)
    tree = nodes(tmp_path / "linux0.dtb")
    assert cells(tree["/pcie@4010000000"]["ranges"]) == [
        0x2000000, 0, 0x10000000, 0, 0x10000000, 0, 0x800000,
        0x1000000, 0, 0, 0, 0x3EFF0000, 0, 0x2000]
    assert "linux,pci-domain" not in tree["/pcie@4010000000"]
    its = tree["/intc@8000000/its@8080000"]
    handle = cells(its["phandle"])[0]
    assert cells(its["reg"]) == [0, 0x8080000, 0, 0x20000] and "msi-controller" in its
    assert cells(tree["/pcie@4010000000"]["msi-map"]) == [2 << 3, handle, 2 << 3, 1, 6 << 3, handle,
                                                          6 << 3, 1]


def test_functions_behind_bridges(program, files, tmp_path):
    """A bus for each bridge, seen as a host of its own with a part of the zone's window."""
    plan = (fixtures.HERE / "good" / "functions.yaml").read_text()
    plan = plan.replace('["00:02.0", "00:06.0"]',
                        '["00:05.0/00.0", "00:02.0", "00:05.0/00.1", "00:02.3"]')
    (tmp_path / "plan.yaml").write_text(plan.replace('["00:03.0"]', '["00:03.0/00.0"]'))
    out = build(program, files, tmp_path / "plan.yaml", tmp_path / "out")
    plan = Plan((out / "plan.bin").read_bytes())
    assert [f[:2] + f[5:] for f in plan.functions] == [
        (0, 0x100, 0x28), (0, 0x10, 0), (0, 0x101, 0x28), (0, 0x13, 0), (1, 0x200, 0x18)]
    assert all(f[1] == f[2] == f[3] for f in plan.functions)
    assert sorted(irq[:2] for irq in plan.irqs) == [(0, 36), (0, 37), (1, 38)]
    tree = nodes(out / "linux0.dtb")
    own, behind = tree["/pcie@4010000000"], tree["/pcie@4010100000"]
    assert cells(behind["bus-range"]) == [1, 1] and cells(own["bus-range"]) == [0, 0]
    assert cells(behind["reg"]) == [0x40, 0x10100000, 0, 0x100000]
    assert cells(own["ranges"])[4:7] == [0x10000000, 0, 0x800000]
    assert cells(behind["ranges"]) == [0x2000000, 0, 0x10800000, 0, 0x10800000, 0, 0x800000]
    assert own["linux,pci-domain"] != behind["linux,pci-domain"]
    assert cells(behind["msi-map"])[0::4] == [0x100, 0x101]
    rows = cells(behind["interrupt-map"])
    assert rows[0] == 0 and rows[-2] == 36 - 32 and len(rows) == 10
    assert [path for path in nodes(out / "motor.dtb") if path.startswith("/pcie@")] == \
        ["/pcie@4010200000"]


def test_domains_of_two_hosts(program, files, tmp_path):
    """A zone with functions of the machine and a channel: its two hosts are told apart."""
    plan = tmp_path / "plan.yaml"
    plan.write_text((fixtures.HERE / "good" / "functions.yaml").read_text() +
                    "channels: [{ name: data, peers: [linux0, motor], size: 64K }]\n")
    done = fixtures.run(program, "plan", "build", plan, "--hyp", files / "hyp.bin", "--set",
                        f"files={files}", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    tree = nodes(tmp_path / "linux0.dtb")
    domains = [node["linux,pci-domain"] for path, node in tree.items() if path.startswith("/pcie@")]
    assert sorted(domains) == ["<0x00>", "<0x01>"]


def test_no_messages_without_its(program, files, tmp_path):
    board = (fixtures.ROOT / "boards" / "qemu-virt-aarch64-smmuv3" / "board.dts").read_text()
    start = "pcie@10000000 {\n"
    assert start in board
    board = board.replace(start, start + "\t\t/delete-property/ msi-map;\n")
    board = board.replace("../qemu-virt-aarch64/", f"{fixtures.ROOT}/boards/qemu-virt-aarch64/")
    (tmp_path / "board.dts").write_text(board)
    plan = (fixtures.HERE / "good" / "functions.yaml").read_text()
    (tmp_path / "plan.yaml").write_text(
        plan.replace("board: qemu-virt-aarch64-smmuv3", "board: ./board.dts"))
    done = fixtures.run(program, "plan", "build", tmp_path / "plan.yaml", "--hyp",
                        files / "hyp.bin", "--set", f"files={files}", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    plan = Plan((tmp_path / "plan.bin").read_bytes())
    assert plan.its == 0 and plan.zones[0][-1] == 0
    assert all(function[3:] == (0, 0, 0) for function in plan.functions)
    tree = nodes(tmp_path / "linux0.dtb")
    assert not any("its@" in path for path in tree)
    assert "msi-map" not in tree["/pcie@4010000000"]


def test_no_ports_of_a_small_window(program, files, tmp_path):
    """A board with fewer I/O ports than all zones could need: no zone has any."""
    board = fixtures.ROOT / "boards" / "qemu-virt-aarch64-smmuv3" / "board.dts"
    start = "pcie@10000000 {\n"
    text = board.read_text().replace("../qemu-virt-aarch64/",
                                     f"{fixtures.ROOT}/boards/qemu-virt-aarch64/")
    assert start in text
    (tmp_path / "board.dts").write_text(text.replace(start, start + """
        ranges = <0x1000000 0 0 0 0x3eff0000 0 0x8000
                  0x2000000 0 0x10000000 0 0x10000000 0 0x2eff0000>;
"""))
    plan = (fixtures.HERE / "good" / "functions.yaml").read_text()
    (tmp_path / "plan.yaml").write_text(
        plan.replace("board: qemu-virt-aarch64-smmuv3", "board: ./board.dts"))
    out = build(program, files, tmp_path / "plan.yaml", tmp_path / "out")
    plan = Plan((out / "plan.bin").read_bytes())
    assert plan.ports == 0 and all(region[0] >> 16 != 0x3EFF for region in plan.regions)
    assert len(cells(nodes(out / "linux0.dtb")["/pcie@4010000000"]["ranges"])) == 7


# --- boards ---------------------------------------------------------------------------------------
BOARDS = {"qemu-virt-aarch64": "3", "qemu-virt-aarch64-gicv2": "2",
          "qemu-virt-aarch64-smmuv3": "3"}


@pytest.mark.parametrize("sizes, interface, guest", (
    ((0x10000, 0x10000), 0x8010000, 0x8040000),
    ((0x20000, 0x20000), 0x801F000, 0x804F000)))
def test_gicv2_with_repeated_pages(sizes, interface, guest, program, files, tmp_path):
    """Each 4 KiB of an interface 16 times: the two pages that lie together are taken."""
    board = fixtures.ROOT / "boards" / "qemu-virt-aarch64-gicv2" / "board.dts"
    text = board.read_text()
    for base, size in zip(("8010000", "8040000"), sizes):
        assert text.count(f"<0x0 0x{base} 0x0 0x10000>") == 1
        text = text.replace(f"<0x0 0x{base} 0x0 0x10000>", f"<0x0 0x{base} 0x0 {size:#x}>")
    text = re.sub(r"\t\tv2m: .*?};\n", "", text, flags=re.S)  # it lies among the copies
    text = re.sub(r"\t\tmsi-map = .*?;\n", "", text)
    (tmp_path / "board.dts").write_text(text)
    (tmp_path / "plan.yaml").write_text(
        "board: ./board.dts\nmachine: { cpus: 1 }\nzones:\n"
        "  - { name: a, role: zone0, cpus: [0], memory: [{ size: 64M }],\n"
        f"      boot: {{ kernel: {files}/Image }} }}\n")
    out = build(program, files, tmp_path / "plan.yaml", tmp_path / "out")
    board = struct.unpack_from("<10Q", (out / "plan.bin").read_bytes(), 88)
    assert board[4] == interface and board[8] == guest and board[5] == board[9] >= 0x2000
    tree = nodes(out / "a.dtb")
    assert cells(next(node for path, node in tree.items() if path.startswith("/intc@"))["reg"]) == \
        [0, 0x8000000, 0, 0x1000, 0, interface, 0, 0x2000]


LEFT_OUT = ("platform-bus", "pmu", "cpu-map")
CHECKED = ("reg", "interrupts", "ranges", "compatible", "method", "bus-range", "dma-coherent",
           "interrupt-map-mask", "#interrupt-cells", "#address-cells", "#size-cells",
           "clock-frequency", "stdout-path", "always-on", "linux,code")


@pytest.mark.parametrize("name", BOARDS)
def test_board_against_qemu(name, tmp_path):
    qemu = shutil.which("qemu-system-aarch64")
    if qemu is None:
        pytest.skip("no QEMU here")
    theirs_dtb = tmp_path / "qemu.dtb"
    smmu = "iommu=smmuv3," if "smmuv3" in name else ""
    subprocess.run([qemu, "-M", f"virt,virtualization=on,gic-version={BOARDS[name]},{smmu}"
                    f"dumpdtb={theirs_dtb}", "-cpu", "cortex-a72", "-smp", "4", "-m", "2G",
                    "-nographic", "-net", "none"], check=True, capture_output=True, timeout=60)
    # QEMU's tree has warnings of its own; msi and phandles are not read.
    ours, theirs = (nodes(path, "-q") for path in (fixtures.OUT / "boards" / f"{name}.dtb",
                                                   theirs_dtb))
    for path, properties in theirs.items():
        if any(word in path for word in LEFT_OUT):
            continue
        assert path in ours, path
        for key in CHECKED:
            if path.startswith("/memory") or (path.startswith("/cpus/") and key == "compatible"):
                continue
            assert ours[path].get(key) == properties.get(key) or \
                same_gic_flags(ours[path].get(key), properties.get(key), key), (path, key)


def same_gic_flags(ours, theirs, key):
    """GICv2 timers carry a mask of CPUs in QEMU's tree of 4 CPUs; it says nothing about wiring."""
    if key != "interrupts" or ours is None or theirs is None:
        return False
    return [cell & 0xFF for cell in cells(ours)] == [cell & 0xFF for cell in cells(theirs)]


def test_boards_have_no_warnings():
    for source in sorted(pathlib.Path(fixtures.ROOT).glob("boards/*/board.dts")):
        done = subprocess.run(["dtc", "-I", "dts", "-O", "dtb", "-o", "/dev/null", source],
                              capture_output=True, text=True, check=True)
        assert not done.stderr, done.stderr


# --- documents ------------------------------------------------------------------------------------
def test_everything_is_documented(program):
    text = (fixtures.ROOT / "docs" / "plan.md").read_text()
    rules = fixtures.run(program, "plan", "rules").stdout.splitlines()
    schema = (fixtures.ROOT / "plan" / "schema.c").read_text()
    keys = re.findall(r"(?:TEXT|LIST|CHOICE)\([A-Z, ]*struct spec\w*, (\w+)|"
                      r"^ +CYAML_FIELD_\w+\(\"(\w+)", schema, re.MULTILINE)
    keys = [a or b for a, b in keys]
    assert len(keys) > 20
    for word in [line.split()[0] for line in rules] + keys:
        pattern = rf"`(\w+\.)?{word}(\.\w+)?`"
        assert re.search(pattern, text), f"docs/plan.md does not tell of {word}"
