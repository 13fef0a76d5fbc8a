# SPDX-License-Identifier: Apache-2.0
# Guests of the micro-VM tests: tests/uvm/guest/NAME.c (and NAME_super.c, NAME_hostile.c,
# NAME_claims.c, and of each architecture NAME_ARCH.c, NAME_ARCH_super.c) become NAME.elf and
# NAME-pie.elf, see uvm_guest in guest/build.mk.

UVM_TEST_ARCHS  := x86_64 aarch64
uvm_test_guest   = $(call $(2),tests/uvm/guest,$(1),$(wildcard $(addprefix tests/uvm/guest/$(1),\
    .c _super.c _hostile.c _claims.c $(foreach a,$(UVM_TEST_ARCHS),_$(a).c _$(a)_super.c))))
UVM_TEST_GUESTS := $(filter-out %_super %_hostile %_claims %_x86_64 %_aarch64,\
    $(basename $(notdir $(wildcard tests/uvm/guest/*.c))))
UVM_TEST_X86_64 := debug
$(foreach g,$(filter-out $(UVM_TEST_X86_64),$(UVM_TEST_GUESTS)),\
    $(eval $(call uvm_test_guest,$(g),uvm_guest)))
$(foreach g,$(UVM_TEST_X86_64),$(eval $(call uvm_test_guest,$(g),uvm_guest_x86_64)))

$(eval $(call wasm_guest,tests/uvm/guest,traps,tests/uvm/wasm/wasm.c,tests/uvm/wasm/traps))
$(eval $(call engine_guest,tests/uvm/guest,wasmtime,$(wildcard tests/uvm/wasmtime/*.c)))

# By this the tests of the separation kernel and those of KVM know that they run the same file.
UVM_TWINS := $(patsubst %,$(O)/tests/uvm/guest/aarch64/%.sha256,both gang)
$(UVM_TWINS): %.sha256: %.elf
	$(call say,GEN,$@)
	$(Q)sha256sum <$< >$@
ALL += $(UVM_TWINS)
