# SPDX-License-Identifier: Apache-2.0
# Tests of micro-VMs: cmocka programs that use the library, and the guests that they load.
#
# $(eval $(call uvm_test,NAME,SOURCES,LIBS)) builds tests/uvm/NAME_test.c and SOURCES, with the
# static library, to $(O)/uvm/NAME_test. tests/uvm/run.py runs it on each platform, with the guests
# $(O)/tests/uvm/guest/*.elf in directory $UVM_GUESTS; see there how a test skips.

UVM_BINS  :=
UVM_TOOLS := $(O)/bin/vitrine $(O)/examples/micro-vm/survive

define uvm_test
UVM_BINS += $(O)/uvm/$(strip $(1))_test
UVM_OBJS_$(strip $(1)) := $(patsubst %.c,$(O)/host/%.o,tests/uvm/$(strip $(1))_test.c $(2))
DEPS += $$(UVM_OBJS_$(strip $(1)):.o=.d)
$$(UVM_OBJS_$(strip $(1))): CFLAGS_HOST += $$(HOST_INC)
$(O)/uvm/$(strip $(1))_test: $$(UVM_OBJS_$(strip $(1))) $$(HOST_LIB)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$^ -lcmocka -lpthread $(3) -o $$@
endef

# --- the list, alphabetical -----------------------------------------------------------------------
$(eval $(call uvm_test,basic,))
$(eval $(call uvm_test,core,))
$(eval $(call uvm_test,guest,))
$(eval $(call uvm_test,jail,$(wildcard cli/jail*.c),-lseccomp))
$(eval $(call uvm_test,jail_self,$(wildcard cli/jail*.c),-lseccomp))
$(eval $(call uvm_test,platform,))

# --- running --------------------------------------------------------------------------------------
.PHONY: uvm
uvm: all cache ## tests of micro-VMs, on this machine's KVM and in QEMU
	$(Q)O=$(O) $(PYTHON) tests/uvm/run.py $(UVM) $(UVM_TOOLS:%=--tool %) $(UVM_BINS) \
	    $(wildcard tests/uvm/*_test.sh)

ALL += $(UVM_BINS)

# --- guests ---------------------------------------------------------------------------------------
include tests/uvm/guest/build.mk
