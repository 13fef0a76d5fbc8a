# SPDX-License-Identifier: Apache-2.0
# Examples: bare guests, one folder each.

$(eval $(call guest_objects,examples))
$(eval $(call bare_guest,examples/aarch64,hello,examples/hello/main.c))
$(eval $(call bare_guest,examples/aarch64,tick,examples/tick/main.c))
SIZES += $(O)/examples/aarch64/hello.elf $(O)/examples/aarch64/tick.elf

# Channels: bare guests that answer and ask, and the same for Linux (static: for any initrd).
$(eval $(call bare_guest,examples/aarch64,echo,examples/channel/echo/main.c))
$(eval $(call bare_guest,examples/aarch64,perf,examples/channel/perf/main.c))

CHANNEL_LINUX := $(O)/examples/aarch64/channel
$(CHANNEL_LINUX): examples/channel/linux/main.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -O2 $(CFLAGS_ALL) -D_GNU_SOURCE $(GUEST_INC) -static \
	    -Wl,--build-id=none -MMD -MP -MF $@.d $< -o $@
ALL  += $(CHANNEL_LINUX)
DEPS += $(CHANNEL_LINUX).d

# A micro-VM: the guest, and the program that survives it.
$(eval $(call uvm_guest,examples/micro-vm,guest,examples/micro-vm/guest.c))

MICRO_VM := $(O)/examples/micro-vm/survive
$(MICRO_VM): $(O)/host/examples/micro-vm/survive.o $(HOST_SO)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $< -L$(dir $(HOST_SO)) -lvitrine -Wl,-rpath,'$$ORIGIN/../../lib' -o $@
$(O)/host/examples/micro-vm/survive.o: CFLAGS_HOST += $(HOST_INC)
ALL  += $(MICRO_VM)
DEPS += $(O)/host/examples/micro-vm/survive.d

# A WebAssembly module, and the program that calls it.
$(eval $(call wasm_guest,examples/micro-vm,wasm,examples/micro-vm/wasm/guest.c,\
    examples/micro-vm/wasm/module))

WASM_HOSTS := $(O)/examples/micro-vm/wasm-host $(O)/examples/micro-vm/wasm-ten
$(O)/examples/micro-vm/wasm-%: $(O)/host/examples/micro-vm/wasm/%.o $(HOST_SO)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $< -L$(dir $(HOST_SO)) -lvitrine -Wl,-rpath,'$$ORIGIN/../../lib' -o $@
$(O)/host/examples/micro-vm/wasm/%.o: CFLAGS_HOST += $(HOST_INC)
.SECONDARY: $(O)/host/examples/micro-vm/wasm/host.o $(O)/host/examples/micro-vm/wasm/ten.o
ALL  += $(if $(WASM_USABLE),$(WASM_HOSTS))
DEPS += $(O)/host/examples/micro-vm/wasm/host.d $(O)/host/examples/micro-vm/wasm/ten.d
