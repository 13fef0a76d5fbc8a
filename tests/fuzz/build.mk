# SPDX-License-Identifier: Apache-2.0
# Fuzz targets. A target is one line in the list below; docs/fuzzing.md says what each checks.
#
# $(eval $(call fuzz_target,NAME,SOURCES)) builds tests/fuzz/NAME_fuzz.c with the real SOURCES by
# clang with libFuzzer and sanitizers into $(O)/fuzz/NAME. Optional third argument: libraries and
# linker flags. Seeds lie in tests/fuzz/corpus/NAME/.

# How long `make fuzz` runs each target. Only for one: FUZZ=name.
SECONDS      ?= 60
FUZZ         ?=
FUZZ_SAN     := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_CFLAGS  := -O1 $(CFLAGS_ALL) -D_POSIX_C_SOURCE=200809L -fno-common -fno-omit-frame-pointer
FUZZ_TARGETS :=

$(O)/fuzz/obj/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link $(FUZZ_SAN) $(UNIT_INC) \
	    -DFUZZ_BOARDS='"$(O)/boards"' $(CFLAGS_DEP) -c $< -o $@

define fuzz_target
FUZZ_TARGETS += $(1)
FUZZ_OBJS_$(1) := $(patsubst %.c,$(O)/fuzz/obj/%.o,tests/fuzz/$(1)_fuzz.c tests/fuzz/fuzz.c $(2))
DEPS += $$(FUZZ_OBJS_$(1):.o=.d)
$(O)/fuzz/$(1): $$(FUZZ_OBJS_$(1))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)clang -fsanitize=fuzzer $$(FUZZ_SAN) $$^ $(3) -o $$@
endef

FUZZ_CHECKER := tests/fuzz/plan_invariant.c $(wildcard lib/plan_*.c)

FUZZ_COMPILER := tests/fuzz/compile_double.c $(FUZZ_CHECKER) \
                 $(filter-out plan/dtc.c,$(wildcard plan/*.c))
FUZZ_COMPILER_LIBS = -Wl,--wrap=file_read $(PLAN_LIBS)
FUZZ_PSCI   := hyp/arch/aarch64/psci.c hyp/core/zone.c hyp/core/exits.c \
               $(addprefix hyp/none/,hypcall.c control.c vio.c) \
               $(addprefix hyp/arch/fake/,arch.c hw.c)
FUZZ_SYSREG := hyp/core/reg.c hyp/arch/fake/hw.c $(addprefix hyp/arch/aarch64/,sysreg.c idreg.c)
FUZZ_TRAP   := lib/insn_a64.c hyp/arch/fake/hw.c \
               $(addprefix hyp/arch/aarch64/,decode.c fetch.c vcpu_regs.c)

FUZZ_UVM    := tests/fuzz/uvm_double.c tests/uvm/puppet.c tests/uvm/puppet_$(HOST_ARCH).c \
               $(filter-out host/kvm% host/$(HOST_ARCH)/kvm%,$(HOST_SRCS))

# Memory that changes while it is looked at.
FUZZ_VIRTQ_LIBS := -Wl,--wrap=mem_piece -Wl,--wrap=mem_copy

# --- the list -------------------------------------------------------------------------------------
$(eval $(call fuzz_target,blk,dev/blk.c $(VIRTQ_DEV)))
$(eval $(call fuzz_target,channel,$(CHANNEL_UNIT)))
$(eval $(call fuzz_target,console,$(CONSOLE_FULL)))
$(eval $(call fuzz_target,control,$(CONTROL_UNIT)))
$(eval $(call fuzz_target,console_line,hyp/core/console_line.c))
$(eval $(call fuzz_target,ctl,$(addprefix zone0/,ask.c ctl.c feed.c find.c slot.c)))
$(eval $(call fuzz_target,hypcall,hyp/core/hypcall.c hyp/core/string.c lib/fault_check.c))
$(eval $(call fuzz_target,insn_a64,lib/insn_a64.c tests/fuzz/insn_model.c))
$(eval $(call fuzz_target,intc,lib/intc.c))
$(eval $(call fuzz_target,net,dev/net.c $(VIRTQ_DEV)))
$(eval $(call fuzz_target,pcihost,$(PCIHOST_UNIT)))
$(eval $(call fuzz_target,its,$(ITS_UNIT),-lcmocka))
$(eval $(call fuzz_target,plan_board,$(FUZZ_COMPILER),$$(FUZZ_COMPILER_LIBS)))
$(eval $(call fuzz_target,plan_boot,$(FUZZ_COMPILER),$$(FUZZ_COMPILER_LIBS)))
$(eval $(call fuzz_target,plan_check,$(FUZZ_CHECKER)))
$(eval $(call fuzz_target,plan_yaml,$(FUZZ_COMPILER),$$(FUZZ_COMPILER_LIBS)))
$(eval $(call fuzz_target,psci,$(FUZZ_PSCI)))
$(eval $(call fuzz_target,rsp,tests/unit/rsp_double.c $(GDB_SRCS)))
$(eval $(call fuzz_target,sysreg,$(FUZZ_SYSREG)))
$(eval $(call fuzz_target,trap,$(FUZZ_TRAP)))
$(eval $(call fuzz_target,uvm_call,$(FUZZ_UVM),-lcmocka -lpthread))
$(eval $(call fuzz_target,uvm_elf,host/elf.c $(UVM_ARCH)))
$(eval $(call fuzz_target,uvm_fault,$(FUZZ_UVM),-lcmocka -lpthread))
$(eval $(call fuzz_target,uvm_irq,$(FUZZ_UVM),-lcmocka -lpthread))
$(eval $(call fuzz_target,vconsole,dev/console.c dev/rng.c $(VIRTQ_DEV)))
$(eval $(call fuzz_target,vgic,$(GIC_UNIT),-lcmocka))
$(eval $(call fuzz_target,vgicv2,$(GICV2_UNIT) tests/fuzz/vgicv2_model.c,-lcmocka))
$(eval $(call fuzz_target,vio,$(VIO_UNIT)))
$(eval $(call fuzz_target,virtq,$(VIRTQ_UNIT),$$(FUZZ_VIRTQ_LIBS)))
$(eval $(call fuzz_target,vmmio,lib/vmmio.c))

# --- running --------------------------------------------------------------------------------------
.PHONY: fuzz fuzz-corpus
fuzz-corpus: $(FUZZ_TARGETS:%=$(O)/fuzz/%) $(BOARD_DTBS) ## run each fuzz target's corpus once
	$(Q)scripts/fuzz replay $(O)/fuzz $(FUZZ_TARGETS)

fuzz: $(FUZZ_TARGETS:%=$(O)/fuzz/%) $(BOARD_DTBS) ## fuzz each target: SECONDS=60, FUZZ=name for one
	$(Q)scripts/fuzz $(SECONDS) $(O)/fuzz $(or $(FUZZ),$(FUZZ_TARGETS))
