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

$(eval $(call uvm_guest_x86_64,bench/uvm,guest,bench/uvm/guest.c bench/uvm/guest_super.c))

ALL  += $(UVM_BENCH)
DEPS += $(UVM_BENCH_OBJS:.o=.d)

# WebAssembly: the same objects of modules in a guest and, with wabt's runtime, in this process.
WASM_BENCH         := $(O)/bench/uvm/wasm-bench
WASM_BENCH_MODULES := $(addprefix bench/uvm/wasm/,matmul nbody sha256 trap)
WASM_BENCH_OBJS    := $(patsubst %,$(O)/bench/host/bench/uvm/%.o,wasm wasm_native sample) \
                      $(WASM_BENCH_MODULES:%=$(O)/wasm/%.o)
$(eval $(call wasm_guest,bench/uvm,wasm,bench/uvm/wasm_guest.c,$(WASM_BENCH_MODULES)))
$(O)/bench/host/bench/uvm/wasm_native.o: CFLAGS_HOST += -I$(O)/wasm/bench/uvm/wasm \
    -isystem /usr/share/wabt/wasm2c
$(O)/bench/host/bench/uvm/wasm_native.o: | $(WASM_BENCH_MODULES:%=$(O)/wasm/%.c)
$(WASM_BENCH): $(WASM_BENCH_OBJS) $(HOST_LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $^ -lwasm-rt-impl -lpthread -lm -o $@
ALL  += $(if $(WASM_USABLE),$(WASM_BENCH))
DEPS += $(WASM_BENCH_OBJS:.o=.d)

.PHONY: bench-wasm
bench-wasm: $(if $(WASM_USABLE),$(WASM_BENCH) $(O)/bench/uvm/wasm.elf) ## WebAssembly beside native
	$(Q)$(if $(WASM_USABLE),$(WASM_BENCH) $(O)/bench/uvm/wasm.elf $(O)/bench-wasm.json,\
	    echo '  SKIP     bench-wasm: no wabt 1.0.32')

# This machine's KVM into $(O)/bench-uvm.json; exceptions also on a complete KVM, in QEMU.
.PHONY: bench-uvm
bench-uvm: $(UVM_BENCH) $(O)/bench/uvm/guest.elf cache ## micro-VMs beside their floor
	$(Q)status=0; \
	UVM_PLATFORM=native $(UVM_BENCH) $(O)/bench/uvm/guest.elf $(O)/bench-uvm.json || status=1; \
	O=$(O)/bench/uvm $(PYTHON) tests/uvm/run.py --platform kvm_amd --guests $(O)/bench/uvm \
	    --tool $(UVM_BENCH) bench/uvm/uvm-bench.sh >$(O)/bench/uvm/kvm_amd.log || status=1; \
	echo; grep -a '^micro-VMs\|^\#[UB]\|FAIL' $(O)/bench/uvm/kvm_amd.log \
	    $(O)/bench/uvm/test-logs/uvm/results.log -h || cat $(O)/bench/uvm/kvm_amd.log; exit $$status
