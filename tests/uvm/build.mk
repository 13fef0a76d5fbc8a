# SPDX-License-Identifier: Apache-2.0
# Tests of micro-VMs: cmocka programs that use the library, and the guests that they load.
#
# $(eval $(call uvm_test,NAME,SOURCES,LIBS)) builds tests/uvm/NAME_test.c and SOURCES, with the
# static library, to $(O)/uvm/NAME_test. tests/uvm/run.py runs it on each platform, with the guests
# $(O)/tests/uvm/guest/*.elf in directory $UVM_GUESTS; see there how a test skips.

UVM_BINS  :=
UVM_TOOLS := $(O)/bin/vitrine $(O)/examples/micro-vm/survive \
             $(if $(WASM_USABLE),$(WASM_HOSTS))

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

# The same for aarch64 Linux; they run on KVM/arm64 in QEMU.
UVM_A64_BINS  :=
UVM_A64_TOOLS :=

define uvm_a64_test
UVM_A64_BINS += $(LINUX_A64)/uvm/$(strip $(1))_test
UVM_A64_OBJS_$(strip $(1)) := $(call linux_a64_objs,tests/uvm/$(strip $(1))_test.c $(2))
DEPS += $$(UVM_A64_OBJS_$(strip $(1)):.o=.d)
$(LINUX_A64)/uvm/$(strip $(1))_test: $$(UVM_A64_OBJS_$(strip $(1))) $$(LINUX_A64_LIB)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(LINUX_A64_CC) $$^ $$(LINUX_A64_LIBS) -lcmocka -lpthread $(3) -o $$@
endef

# One with sanitizers and the library's own sources; tests/uvm/inject.c stands between those and
# these functions of host/sys.c.
INJECTED := alloc free mmap forget open ioctl memfd seal file_size pread write pwrite copy random \
            block thread timer_create timer_set
UVM_INJECT_OBJS := $(patsubst %.c,$(O)/unit/obj/gcc/%.o,$(HOST_SRCS) \
                       tests/uvm/inject_test.c tests/uvm/inject.c tests/uvm/support.c \
                       tests/uvm/puppet.c tests/uvm/puppet_$(HOST_ARCH).c)
DEPS += $(UVM_INJECT_OBJS:.o=.d)
$(O)/uvm/inject_test: $(UVM_INJECT_OBJS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)gcc -fsanitize=address,undefined $(foreach f,$(INJECTED),-Wl,--wrap=sys_$f) $^ -lcmocka \
	    -lpthread -o $@
UVM_BINS += $(O)/uvm/inject_test

UVM_SUPPORT     := tests/uvm/support.c tests/uvm/puppet.c tests/uvm/puppet_$(HOST_ARCH).c
UVM_A64_SUPPORT := tests/uvm/support.c tests/uvm/puppet.c tests/uvm/puppet_aarch64.c

# --- the list, alphabetical -----------------------------------------------------------------------
$(eval $(call uvm_test,basic,))
$(eval $(call uvm_test,both,$(UVM_SUPPORT)))
$(eval $(call uvm_test,budget,$(UVM_SUPPORT)))
$(eval $(call uvm_test,core,))
$(if $(filter x86_64,$(HOST_ARCH)),$(eval $(call uvm_test,debug,$(UVM_SUPPORT))))
$(eval $(call uvm_test,endure,$(UVM_SUPPORT)))
$(eval $(call uvm_test,fast,$(UVM_SUPPORT)))
$(eval $(call uvm_test,gang,$(UVM_SUPPORT)))
$(eval $(call uvm_test,guest,tests/uvm/guest_rows_$(HOST_ARCH).c))
$(eval $(call uvm_test,hostile,$(UVM_SUPPORT)))
$(eval $(call uvm_test,irq,$(UVM_SUPPORT) tests/uvm/irq_vm.c))
$(eval $(call uvm_test,jail,$(wildcard cli/jail*.c cli/$(HOST_ARCH)/jail*.c),-lseccomp))
$(eval $(call uvm_test,jail_self,$(wildcard cli/jail*.c cli/$(HOST_ARCH)/jail*.c),-lseccomp))
$(eval $(call uvm_test,loader,$(UVM_SUPPORT)))
$(eval $(call uvm_test,platform,))
$(eval $(call uvm_test,stale,$(UVM_SUPPORT) tests/uvm/stale_$(HOST_ARCH).c))
$(eval $(call uvm_test,state,$(UVM_SUPPORT) tests/uvm/state_$(HOST_ARCH).c))
$(eval $(call uvm_test,survive,$(UVM_SUPPORT) tests/uvm/survive_$(HOST_ARCH).c))
$(eval $(call uvm_test,timer,$(UVM_SUPPORT) tests/uvm/irq_vm.c))
$(if $(WASM_USABLE),$(eval $(call uvm_test,wasm,$(UVM_SUPPORT))))
$(eval $(call uvm_test,wasmtime,$(UVM_SUPPORT)))

# What has no x86_64 instruction and knows no register of it.
$(eval $(call uvm_a64_test,basic,))
$(eval $(call uvm_a64_test,both,tests/uvm/support.c))
$(eval $(call uvm_a64_test,budget,$(UVM_A64_SUPPORT)))
$(eval $(call uvm_a64_test,core,))
$(eval $(call uvm_a64_test,endure,tests/uvm/support.c))
$(eval $(call uvm_a64_test,hostile,$(UVM_A64_SUPPORT)))
$(eval $(call uvm_a64_test,irq,$(UVM_A64_SUPPORT) tests/uvm/irq_vm.c))
$(eval $(call uvm_a64_test,inject,tests/uvm/inject.c $(UVM_A64_SUPPORT),\
    $(foreach f,$(INJECTED),-Wl,--wrap=sys_$f)))
UVM_A64_JAIL := $(wildcard cli/jail*.c cli/aarch64/jail*.c)
$(eval $(call uvm_a64_test,jail,$(UVM_A64_JAIL),-lseccomp))
$(eval $(call uvm_a64_test,jail_self,$(UVM_A64_JAIL),-lseccomp))
$(eval $(call uvm_a64_test,loader,$(UVM_A64_SUPPORT)))
$(eval $(call uvm_a64_test,platform,))
$(eval $(call uvm_a64_test,fast,$(UVM_A64_SUPPORT)))
$(eval $(call uvm_a64_test,gang,$(UVM_A64_SUPPORT)))
$(eval $(call uvm_a64_test,guest,tests/uvm/guest_rows_aarch64.c))
$(eval $(call uvm_a64_test,stale,$(UVM_A64_SUPPORT) tests/uvm/stale_aarch64.c))
$(eval $(call uvm_a64_test,state,$(UVM_A64_SUPPORT) tests/uvm/state_aarch64.c))
$(eval $(call uvm_a64_test,survive,tests/uvm/support.c tests/uvm/survive_aarch64.c))
$(eval $(call uvm_a64_test,timer,$(UVM_A64_SUPPORT) tests/uvm/irq_vm.c))

# --- running --------------------------------------------------------------------------------------
.PHONY: uvm
uvm: all cache ## tests of micro-VMs, on this machine's KVM and in QEMU
	$(Q)$(MAKE) --no-print-directory uvm-arm64-build
	$(Q)O=$(O) $(PYTHON) tests/uvm/run.py $(UVM) $(UVM_TOOLS:%=--tool %) \
	    $(addprefix --arm64 ,$(UVM_A64_QUICK) $(RUNTIME_TEST)) \
	    $(UVM_A64_TOOLS:%=--arm64-tool %) $(UVM_BINS) \
	    $(wildcard tests/uvm/*_test.sh) $(RUNTIME_TEST)

# What runs on KVM/arm64; its libraries are in the cache. All of it takes some four minutes, so that
# `uvm` has a part of it.
.PHONY: uvm-arm64-build uvm-arm64
UVM_A64_QUICK := $(patsubst %,$(LINUX_A64)/uvm/%_test,basic both core guest platform survive \
                     timer) \
                 tests/uvm/cli_test.sh
uvm-arm64-build: $(UVM_A64_BINS) $(UVM_A64_TOOLS)
uvm-arm64: all cache ## all tests of micro-VMs on KVM/arm64, two kernels (part of check-full)
	$(Q)$(MAKE) --no-print-directory uvm-arm64-build
	$(Q)for machine in '6.12 --qemu 7.2|10.0' '6.1 --qemu 10.0|7.2'; do \
	    O=$(O) $(PYTHON) tests/uvm/run.py --platform kvm_arm64 --kernel $$machine $(UVM) \
	        $(UVM_A64_BINS:%=--arm64 %) $(UVM_A64_TOOLS:%=--arm64-tool %) \
	        --arm64 tests/uvm/cli_test.sh $(addprefix --arm64 ,$(RUNTIME_TEST)); \
	done

# The library's own locking of several vCPUs, by ThreadSanitizer. What guests do it can't see.
TSAN_OBJS := $(patsubst %.c,$(O)/tsan/%.o,$(HOST_SRCS) tests/uvm/gang_test.c $(UVM_SUPPORT))
DEPS += $(TSAN_OBJS:.o=.d)
$(O)/tsan/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(CFLAGS_HOST) -fsanitize=thread $(HOST_INC) $(CFLAGS_DEP) -c $< -o $@

.PHONY: uvm-tsan
uvm-tsan: $(TSAN_OBJS) all ## races of the library, natively (part of check-full)
	$(Q)gcc -fsanitize=thread $(TSAN_OBJS) -lcmocka -lpthread -o $(O)/tsan/gang_test
	$(Q)if [ -c /dev/kvm ]; then \
	    UVM_GUESTS=$(O)/tests/uvm/guest timeout 900 setarch -R $(O)/tsan/gang_test; \
	else echo '  SKIP     uvm-tsan: this machine has no /dev/kvm'; fi

# Vast numbers of barriers, more vCPUs than processors; minutes.
.PHONY: uvm-barriers
uvm-barriers: $(O)/uvm/gang_test all ## a million barriers of four vCPUs (part of check-full)
	$(Q)if [ -c /dev/kvm ]; then \
	    UVM_BARRIERS=1000000 UVM_GUESTS=$(O)/tests/uvm/guest timeout 3600 $(O)/uvm/gang_test; \
	else echo '  SKIP     uvm-barriers: this machine has no /dev/kvm'; fi

# A million restores without growth: minutes, natively only.
.PHONY: uvm-million
uvm-million: $(O)/uvm/endure_test all ## a million restores (part of check-full)
	$(Q)if [ -c /dev/kvm ]; then \
	    UVM_RESTORES=1000000 UVM_GUESTS=$(O)/tests/uvm/guest timeout 3600 $(O)/uvm/endure_test; \
	else echo '  SKIP     uvm-million: this machine has no /dev/kvm'; fi

ALL += $(UVM_BINS)

# The WebAssembly specification's tests, which are not in this tree: SPEC=DIRECTORY of .wast files,
# or ../shared/wasm-spec (tests/uvm/spec/run.py).
# Modules are compiled fast, not well: there are a thousand.
SPEC_HOST := $(O)/uvm/spec_host
$(O)/host/tests/uvm/spec/host.o: CFLAGS_HOST += $(HOST_INC)
$(SPEC_HOST): $(O)/host/tests/uvm/spec/host.o $(HOST_LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $^ -lpthread -o $@
DEPS += $(O)/host/tests/uvm/spec/host.d

SPEC_CC   := $(CC_x86_64) $(CFLAGS_FREE_x86_64) $(WASM_INC) $(GUEST_INC) $(WASM_CFLAGS) -O1
SPEC_LINK := $(CC_x86_64) $(UVM_STATIC) $(LDFLAGS_FREE_x86_64) -Wl,-T,$(UVM_LD) @ $(WASM_OBJS) \
             $(UVM_LIB)

# Some files that take little time to compile and hold all kinds of traps.
SPEC_QUICK := br_if call_indirect conversions endianness i32 linking memory_grow memory_trap start \
              table_grow traps

.PHONY: wasm-spec wasm-spec-quick
SPEC_RUN = $(if $(WASM_USABLE),O='$(O)' SPEC_CC='$(SPEC_CC)' SPEC_LINK='$(SPEC_LINK)' $(PYTHON) \
    tests/uvm/spec/run.py $(SPEC:%=--spec %),echo '  SKIP     wasm-spec: no wabt 1.0.32')
wasm-spec: $(SPEC_HOST) $(WASM_OBJS) $(UVM_LIB) $(UVM_LD) ## WebAssembly's own tests (SPEC=DIR)
	$(Q)$(SPEC_RUN) $(SPEC_ONLY)
wasm-spec-quick: $(SPEC_HOST) $(WASM_OBJS) $(UVM_LIB) $(UVM_LD) ## some of them, for check
	$(Q)$(SPEC_RUN) $(SPEC_QUICK)

# --- guests ---------------------------------------------------------------------------------------
include tests/uvm/guest/build.mk
