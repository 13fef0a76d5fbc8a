# SPDX-License-Identifier: Apache-2.0
# The benchmark guest, and `make bench`, which counts instructions (docs/performance.md).

BENCH_OUT := $(O)/bench
BENCH_OBJ := $(addprefix $(BENCH_OUT)/bench/guest/,start.o bench.o ops.o)
# Loaded at any address without relocation: everything is relative to the program counter.
BENCH_FLAGS := -fpie -fvisibility=hidden -fno-builtin
BENCH_LDFLAGS := -static-pie -Wl,--no-dynamic-linker,-z,norelro,-z,max-page-size=4096 \
                 -Wl,-T,bench/guest/image.ld

$(BENCH_OUT)/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_aarch64) $(CFLAGS_FREE_aarch64) $(BENCH_FLAGS) $(CFLAGS_DEP) -c $< -o $@

$(BENCH_OUT)/%.o: %.S $(FLAGS_STAMP)
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_aarch64) $(ASFLAGS_FREE_aarch64) $(CFLAGS_DEP) -c $< -o $@

$(BENCH_OUT)/bench.elf: $(BENCH_OBJ) bench/guest/image.ld
	$(call say,LINK,$@)
	$(Q)$(CC_aarch64) $(filter-out -static -no-pie,$(LDFLAGS_FREE_aarch64)) $(BENCH_LDFLAGS) \
	    $(BENCH_OBJ) -o $@
	$(Q)if $(READELF_aarch64) -rW $@ | grep R_; then rm $@; false; fi

$(BENCH_OUT)/bench.bin: $(BENCH_OUT)/bench.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY_aarch64) -O binary $< $@

# Counts where the instructions go, when asked: make bench PROFILE=1.
$(BENCH_OUT)/histogram.so: bench/plugin/histogram.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_HOST) -fPIC -shared $< -o $@

ALL  += $(BENCH_OUT)/bench.bin
DEPS += $(filter %.d,$(BENCH_OBJ:.o=.d))

# The drivers that Bao's image has on this machine: GICv3 and shared memory. Its size and memory are
# compared with those of a hypervisor with these; instructions are counted on the one with all.
BENCH_DRIVERS := gicv3 channels
BENCH_SMALL   := $(O)/drivers/gicv3+channels
.PHONY: bench-small
bench-small:
	$(Q)$(MAKE) --no-print-directory O=$(BENCH_SMALL) HYP_DRIVERS="$(BENCH_DRIVERS)" \
	    $(BENCH_SMALL)/hyp/aarch64/hyp.bin $(if $(V),,>/dev/null)
BENCH_RUN = $(PYTHON) scripts/bench --out $(O) --small $(BENCH_SMALL)

PROFILE ?=
.PHONY: bench bench-check bench-expect
BENCH_TOOLS := $(if $(PROFILE),$(BENCH_OUT)/histogram.so)
bench: $(ALL) $(BENCH_TOOLS) bench-small cache ## instruction counts against targets and Bao
	$(Q)status=0; $(BENCH_RUN) $(if $(PROFILE),--profile) || status=1; \
	for b in bench-uvm bench-wasm; do $(MAKE) --no-print-directory $$b || status=1; done; \
	exit $$status

bench-check: $(ALL) bench-small ## instruction counts against bench/expected.json
	$(Q)$(BENCH_RUN) --check

bench-expect: $(ALL) bench-small ## writes bench/expected.json anew
	$(Q)$(BENCH_RUN) --expect

# --- micro-VMs ----
-include bench/uvm/build.mk
