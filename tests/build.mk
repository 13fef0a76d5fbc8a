# SPDX-License-Identifier: Apache-2.0
# Unit tests and Python tests. A unit test is one line in the list below.
#
# $(eval $(call unit_test,NAME,SOURCES)) builds tests/unit/NAME_test.c with the real SOURCES (and
# fakes under hyp/arch/fake/ that the test needs) with the sanitizers, by gcc into $(O)/unit/ and by
# clang into $(O)/unit/clang/. An optional third argument holds extra compiler flags, a fourth extra
# libraries. Objects are shared between tests unless there are extra flags.

UNIT_INC   = -Ihyp/arch/fake -Ihyp/arch/aarch64 -Itests/unit -Ihost/$(HOST_ARCH)
UNIT_BINS :=

# compiler, object directory prefix, extra flags
define unit_objects
$(O)/unit/obj/$(2)/%.o: %.c $$(FLAGS_STAMP)
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(1) $$(CFLAGS_SAN) $$(UNIT_INC) $(3) $$(CFLAGS_DEP) -c $$< -o $$@
endef
$(eval $(call unit_objects,gcc,gcc,))
$(eval $(call unit_objects,clang,clang,))

# name, sources, libraries, compiler, object directory, output directory
define unit_binary
UNIT_BINS += $(6)/$(1)_test
UNIT_OBJS_$(4)_$(1) := $(patsubst %.c,$(O)/unit/obj/$(5)/%.o,tests/unit/$(1)_test.c $(2))
DEPS += $$(UNIT_OBJS_$(4)_$(1):.o=.d)
$(6)/$(1)_test: $$(UNIT_OBJS_$(4)_$(1))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(4) -fsanitize=address,undefined $$^ -lcmocka $(3) -o $$@
endef

# compiler, output directory, arguments of unit_test; with extra flags a test has its own objects
define unit_one
$(if $(strip $(5)),$(eval $(call unit_objects,$(1),$(1)-$(3),$(5))))
$(eval $(call unit_binary,$(3),$(4),$(6),$(1),$(1)$(if $(strip $(5)),-$(3)),$(2)))
endef

define unit_test
$(call unit_one,gcc,$(O)/unit,$(strip $(1)),$(2),$(3),$(4))
$(call unit_one,clang,$(O)/unit/clang,$(strip $(1)),$(2),$(3),$(4))
endef

# The console's units know each other: what they share, with the machine around them.
CONSOLE_UNIT := tests/unit/console_double.c hyp/core/log.c hyp/core/vuart.c hyp/core/mmio.c \
                hyp/core/lock.c hyp/none/control.c hyp/arch/fake/hw.c
CONSOLE_FULL := $(CONSOLE_UNIT) hyp/core/exits.c hyp/core/console.c hyp/core/console_cmd.c \
                hyp/core/console_line.c hyp/core/uart.c

# The fast path beside the whole way.
FAST_UNIT := $(addprefix hyp/arch/aarch64/,fast.c decode.c vcpu_regs.c) hyp/core/mmio.c \
             hyp/core/exits.c hyp/arch/fake/hw.c

# The GIC's files, too.
GIC_UNIT := tests/unit/gic_fixture.c hyp/core/lock.c hyp/arch/fake/hw.c \
            $(addprefix hyp/arch/aarch64/,gic.c pirq.c vgic.c vgicd.c vgicr.c vlr.c) \
            $(addprefix hyp/arch/aarch64/,vgic_table.c vlr_state.c vspill.c vword.c) \
            hyp/none/its.c

# The same with an ITS.
ITS_UNIT := tests/unit/its_fixture.c $(filter-out hyp/none/its.c,$(GIC_UNIT)) \
            $(addprefix hyp/arch/aarch64/,its.c lpi.c vits.c stage2.c) \
            $(addprefix hyp/core/,pool.c s2.c string.c)

# The same with a GICv2.
GICV2_UNIT := tests/unit/gicv2_fixture.c $(GIC_UNIT) \
              $(addprefix hyp/arch/aarch64/,gicv2.c vgicv2.c vlr2.c)

# Zone0's control device with all that it tells of.
CONTROL_UNIT := tests/unit/control_double.c lib/vpci.c lib/dax.c $(addprefix hyp/core/control,.c \
                _op.c _ring.c) $(addprefix hyp/core/,pause.c zone.c exits.c vuart.c log.c vbus.c) \
                $(addprefix hyp/core/,mmio.c lock.c string.c) hyp/arch/fake/arch.c \
                hyp/arch/fake/hw.c hyp/none/vio.c

# A channel on the bus of each of its zones.
CHANNEL_UNIT := $(addprefix hyp/core/,channel.c vbus.c mmio.c lock.c) lib/vpci.c hyp/arch/fake/hw.c

# Devices of zones, with the life of the zones.
VIO_UNIT := tests/unit/vio_double.c lib/vmmio.c $(addprefix hyp/arch/fake/,arch.c hw.c) \
            $(addprefix hyp/core/,vio.c vio_server.c zone.c exits.c mmio.c lock.c) \
            hyp/none/control.c

# A virtqueue, and the driver that tests devices by it.
VIRTQ_UNIT := $(addprefix dev/,virtq.c split.c packed.c mem.c span.c)
VIRTQ_DEV  := $(VIRTQ_UNIT) tests/unit/virtq_model.c

# Programs of zone0, over a hypervisor in a directory.
CTL_UNIT := tests/unit/ctl_double.c tests/unit/ctl_answer.c $(ZONE0_SRCS)
CLI_UNIT := $(filter-out $(ZONE0_SRCS) cli/main.c cli/connect.c,$(CLI_ZONE0_SRCS)) $(CTL_UNIT)

A64  := hyp/arch/aarch64
FAKE := hyp/arch/fake
CORE := hyp/core

# The debugger's engine.
GDB_SRCS := $(wildcard gdb/*.c)
RSP_UNIT := tests/unit/rsp_double.c tests/unit/rsp_talk.c $(GDB_SRCS)

# Architectures of micro-VMs' guests.
UVM_ARCH := $(addprefix host/,arch.c arch_aarch64.c arch_x86_64.c x86_cpu.c) lib/insn_x64.c

# --- the list: one line per unit, alphabetical ----------------------------------------------------
$(eval $(call unit_test,a64_classify,guest/aarch64/classify.c))
$(eval $(call unit_test,blk,dev/blk.c dev/raw.c $(VIRTQ_DEV)))
$(eval $(call unit_test,budget,$(addprefix host/,alarm.c budget.c log.c sys.c sys_net.c)))
$(eval $(call unit_test,channel,$(CHANNEL_UNIT)))
$(eval $(call unit_test,cli_console,$(CLI_UNIT)))
$(eval $(call unit_test,cli_symbols,cli/symbols.c,,-lelf))
$(eval $(call unit_test,cli_value,cli/value.c))
$(eval $(call unit_test,cli_zone,$(CLI_UNIT)))
$(eval $(call unit_test,console,$(CONSOLE_FULL)))
$(eval $(call unit_test,console_line,hyp/core/console_line.c))
$(eval $(call unit_test,control,$(CONTROL_UNIT)))
$(eval $(call unit_test,control_life,$(CONTROL_UNIT)))
$(eval $(call unit_test,corefile,host/corefile.c host/sys.c))
$(eval $(call unit_test,cpu,$(A64)/cpu.c $(FAKE)/hw.c))
$(eval $(call unit_test,ctl,$(CTL_UNIT),,-lpthread))
$(eval $(call unit_test,debug_sock,$(addprefix host/,debug_sock.c log.c sys.c sys_net.c) \
                      $(filter-out tests/unit/rsp_talk.c,$(RSP_UNIT)),-Ihost/include))
$(eval $(call unit_test,decode,hyp/arch/aarch64/decode.c))
$(eval $(call unit_test,elf,host/elf.c $(UVM_ARCH)))
$(eval $(call unit_test,err,host/err.c))
$(eval $(call unit_test,fast,$(FAST_UNIT)))
$(eval $(call unit_test,fetch,$(A64)/fetch.c $(A64)/vcpu_regs.c lib/insn_a64.c $(FAKE)/hw.c))
$(eval $(call unit_test,field,))
$(eval $(call unit_test,gic,$(GIC_UNIT)))
$(eval $(call unit_test,handler,guest/handler.c,-Iguest/include))
$(eval $(call unit_test,hypcall,$(CORE)/hypcall.c $(CORE)/string.c lib/fault_check.c))
$(eval $(call unit_test,inject,$(A64)/inject.c $(A64)/vcpu_regs.c $(FAKE)/hw.c))
$(eval $(call unit_test,insn_a64,lib/insn_a64.c))
$(eval $(call unit_test,insn_x64,lib/insn_x64.c))
$(eval $(call unit_test,intc,lib/intc.c))
$(eval $(call unit_test,irqctl,lib/irqctl.c lib/intc.c))
$(eval $(call unit_test,its,$(ITS_UNIT)))
$(eval $(call unit_test,load,hyp/core/load.c hyp/core/string.c))
$(eval $(call unit_test,log,$(CONSOLE_UNIT)))
PCIHOST_UNIT := $(CORE)/pcihost.c $(CORE)/pool.c $(CORE)/string.c $(CORE)/lock.c $(FAKE)/hw.c \
                $(wildcard lib/plan_*.c)
$(eval $(call unit_test,net,dev/net.c $(VIRTQ_DEV)))
$(eval $(call unit_test,paging,host/paging.c host/layout.c host/elf.c $(UVM_ARCH)))
$(eval $(call unit_test,pcihost,$(PCIHOST_UNIT)))
$(eval $(call unit_test,plan_check,tests/unit/plan_good.c $(wildcard lib/plan_*.c)))
$(eval $(call unit_test,plan_driver,lib/plan_driver.c))
$(eval $(call unit_test,plan_virtio,tests/unit/plan_good.c $(wildcard lib/plan_*.c)))
$(eval $(call unit_test,pool,$(CORE)/pool.c $(CORE)/string.c))
$(eval $(call unit_test,private,host/private.c host/sys.c host/log.c))
$(eval $(call unit_test,psci,$(A64)/psci.c hyp/none/hypcall.c $(FAKE)/arch.c $(FAKE)/hw.c))
$(eval $(call unit_test,record,host/record.c $(UVM_ARCH)))
$(eval $(call unit_test,reg,hyp/core/reg.c))
$(eval $(call unit_test,rsp,$(RSP_UNIT)))
$(eval $(call unit_test,rsp_query,$(RSP_UNIT)))
S2_UNIT := $(CORE)/s2.c $(CORE)/pool.c $(CORE)/string.c $(A64)/stage2.c $(FAKE)/hw.c
$(eval $(call unit_test,rng,dev/rng.c $(VIRTQ_DEV)))
$(eval $(call unit_test,s2,$(S2_UNIT)))
SERVE_UNIT := $(ZONE0_SRCS) $(SERVE_SRCS) $(DEV_SRCS) \
              $(addprefix tests/unit/,serve_double.c virtq_model.c)
$(eval $(call unit_test,serve,$(SERVE_UNIT),,-lpthread))
SETUP_UNIT := $(addprefix tests/unit/,plan_good.c setup_double.c) $(CORE)/setup.c \
              $(addprefix hyp/none/,control.c vio.c) $(S2_UNIT)
$(eval $(call unit_test,setup,$(SETUP_UNIT)))
SMMU_UNIT := $(addprefix $(A64)/,smmu.c dma.c) $(addprefix $(CORE)/,pool.c string.c lock.c) \
             hyp/none/its.c $(FAKE)/hw.c
$(eval $(call unit_test,smmu,$(SMMU_UNIT)))
$(eval $(call unit_test,sys_net,host/sys_net.c))
$(eval $(call unit_test,sysreg,$(A64)/sysreg.c $(A64)/idreg.c hyp/core/reg.c $(FAKE)/hw.c))
$(eval $(call unit_test,text,host/text.c $(UVM_ARCH)))
$(eval $(call unit_test,trap,hyp/core/trap.c hyp/core/exits.c hyp/core/mmio.c hyp/arch/fake/arch.c))
$(eval $(call unit_test,uart,hyp/core/uart.c hyp/arch/fake/hw.c))
$(eval $(call unit_test,value,host/value.c))
$(eval $(call unit_test,vconsole,dev/console.c $(VIRTQ_DEV)))
$(eval $(call unit_test,vgic,$(GIC_UNIT)))
$(eval $(call unit_test,vgicd,tests/unit/gic_table.c $(GIC_UNIT)))
$(eval $(call unit_test,vgicr,tests/unit/gic_table.c $(GIC_UNIT)))
$(eval $(call unit_test,vgicv2,tests/unit/gic_table.c $(GICV2_UNIT)))
$(eval $(call unit_test,vlr,$(GIC_UNIT)))
$(eval $(call unit_test,vio,tests/unit/vio_play.c $(VIO_UNIT),,-lpthread))
$(eval $(call unit_test,vio_life,tests/unit/vio_play.c $(VIO_UNIT)))
$(eval $(call unit_test,virtq,$(VIRTQ_DEV)))
# Every instruction of it is a step of its own, so without what sanitizers add.
$(eval $(call unit_test,virtq_log,$(VIRTQ_DEV),-fno-sanitize=all))
$(eval $(call unit_test,vmmio,lib/vmmio.c))
$(eval $(call unit_test,vpci,lib/vpci.c))
$(eval $(call unit_test,vspill,$(GIC_UNIT)))
$(eval $(call unit_test,vuart,$(CONSOLE_UNIT)))
$(eval $(call unit_test,x86_classify,guest/x86_64/classify.c))
$(eval $(call unit_test,xstate,host/xstate.c))
$(eval $(call unit_test,zone,$(addprefix $(CORE)/,zone.c exits.c) $(FAKE)/arch.c \
    $(addprefix hyp/none/,control.c vio.c)))

# --- running --------------------------------------------------------------------------------------
.PHONY: unit-tests pytests
unit-tests: $(UNIT_BINS)
	$(Q)scripts/unit $(UNIT_BINS)

# Python tests that need no QEMU: of the scripts, of the plan compiler (bad plans) and the like.
PYTEST_PATHS = $(sort $(dir $(filter-out tests/zone/%,$(wildcard tests/*/test_*.py))))
pytests: all
	$(Q)O=$(O) $(PYTHON) -m pytest -q -p no:cacheprovider $(PYTEST_PATHS)

# --- guests of the zone tests ---------------------------------------------------------------------
include tests/guest/build.mk tests/attack/build.mk tests/uvm/build.mk tests/runtime/build.mk

# --- an empty file system with a journal, always the same bytes -----------------------------------
EXT4_UUID := 5d1f6f0e-4c2b-4d0a-9a55-8f6f1c7f2a31
$(O)/tests/ext4.gz: tests/build.mk
	$(call say,MKFS,$@)
	@mkdir -p $(@D)
	@rm -f $(@:.gz=) && truncate -s 64M $(@:.gz=)
	$(Q)E2FSPROGS_FAKE_TIME=1 PATH=$$PATH:/usr/sbin mkfs.ext4 -q -U $(EXT4_UUID) \
	    -E hash_seed=$(EXT4_UUID),root_owner=0:0 -O ^metadata_csum_seed $(@:.gz=)
	$(Q)gzip -9 -n -f $(@:.gz=)
ALL += $(O)/tests/ext4.gz

# --- fuzz targets ---------------------------------------------------------------------------------
include tests/fuzz/build.mk
