# SPDX-License-Identifier: Apache-2.0
# The benchmark of micro-VMs beside its floor: $(O)/bench/uvm/uvm-bench.

UVM_BENCH_SRCS := $(addprefix bench/uvm/,bench.c floor.c memory.c report.c sample.c)
UVM_BENCH_OBJS := $(UVM_BENCH_SRCS:%.c=$(O)/bench/host/%.o)
UVM_BENCH      := $(O)/bench/uvm/uvm-bench

$(O)/bench/host/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_HOST) -D_GNU_SOURCE $(HOST_INC) $(CFLAGS_DEP) -c $< -o $@

$(UVM_BENCH): $(UVM_BENCH_OBJS) $(HOST_LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $^ -lpthread -o $@

$(eval $(call uvm_guest,bench/uvm,guest,bench/uvm/guest.c bench/uvm/guest_super.c))

ALL  += $(UVM_BENCH)
DEPS += $(UVM_BENCH_OBJS:.o=.d)

.PHONY: bench-uvm
bench-uvm: $(UVM_BENCH) $(O)/bench/uvm/guest.elf ## micro-VMs beside a minimal user of KVM
	$(Q)UVM_PLATFORM=native $(UVM_BENCH) $(O)/bench/uvm/guest.elf $(O)/bench-uvm.json
