# SPDX-License-Identifier: Apache-2.0
# Guests of the micro-VM tests: tests/uvm/guest/NAME.c (and NAME_super.c) become NAME.elf and
# NAME-pie.elf.

uvm_test_guest = $(call uvm_guest,tests/uvm/guest,$(1),$(wildcard $(addprefix \
    tests/uvm/guest/$(1),.c _super.c)))
UVM_TEST_GUESTS := $(filter-out %_super,$(basename $(notdir $(wildcard tests/uvm/guest/*.c))))
$(foreach g,$(UVM_TEST_GUESTS),$(eval $(call uvm_test_guest,$(g))))

$(eval $(call wasm_guest,tests/uvm/guest,traps,tests/uvm/wasm/wasm.c,tests/uvm/wasm/traps))
