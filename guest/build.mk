# SPDX-License-Identifier: Apache-2.0
# libvitrine-guest: for aarch64, the runtime of bare guests; for x86_64, that of micro-VMs.
#
# $(eval $(call bare_guest,DIR,NAME,SOURCES)) builds $(O)/DIR/NAME.elf from SOURCES and the library;
# a fourth argument is where the zone's RAM begins, if not at 0x40000000.
#
# $(eval $(call uvm_guest,DIR,NAME,SOURCES)) builds the micro-VM programs $(O)/DIR/NAME.elf and
# $(O)/DIR/NAME-pie.elf, the same as a static PIE, for x86_64, and both in $(O)/DIR/aarch64/ for
# aarch64. Sources named *_super.c are the program's ring-0 part: its fault handlers. Those that end
# in _x86_64.c, _aarch64.c (or _x86_64_super.c and so on) are for one of them only. uvm_guest_x86_64
# and uvm_guest_aarch64 build for one.

GUEST_INC  := -Iguest/include
GUEST_SRCS := $(sort $(wildcard guest/*.c guest/aarch64/*.c guest/aarch64/*.S))
GUEST_OBJS := $(patsubst %,$(O)/aarch64/%.o,$(basename $(GUEST_SRCS)))
GUEST_LIB  := $(O)/guest/aarch64/libvitrine-guest.a
GUEST_LD   := guest/aarch64/guest.ld

# gcc would turn the bodies of memcpy and friends into calls of themselves.
$(O)/aarch64/guest/mem.o: GUEST_EXTRA := -fno-builtin \
    $(if $(filter gcc,$(TOOLCHAIN)),-fno-tree-loop-distribute-patterns)

define guest_objects
$(O)/aarch64/$(1)/%.o: $(1)/%.c $$(FLAGS_STAMP)
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_aarch64) $$(CFLAGS_FREE_aarch64) $$(GUEST_INC) $$(GUEST_EXTRA) \
	    $$(CFLAGS_DEP) -c $$< -o $$@
$(O)/aarch64/$(1)/%.o: $(1)/%.S $$(FLAGS_STAMP)
	$$(call say,AS,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_aarch64) $$(ASFLAGS_FREE_aarch64) $$(CFLAGS_DEP) -c $$< -o $$@
endef
$(eval $(call guest_objects,guest))
$(eval $(call guest_objects,lib))

$(GUEST_LIB): $(GUEST_OBJS)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)aarch64-linux-gnu-ar rcsD $@ $^

# The archive's start.S is pulled in by the linker script's ENTRY.
define bare_guest
GUEST_OBJS_$(1)_$(2) := $(patsubst %,$(O)/aarch64/%.o,$(basename $(3)))
DEPS += $$(GUEST_OBJS_$(1)_$(2):.o=.d)
ALL += $(O)/$(1)/$(2).elf
$(O)/$(1)/$(2).elf: $$(GUEST_OBJS_$(1)_$(2)) $$(GUEST_LIB) $$(GUEST_LD)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_aarch64) $$(LDFLAGS_FREE_aarch64) $$(if $(4),-Xlinker --defsym=guest_ram=$(4)) \
	    -Wl,-T,$$(GUEST_LD) -Wl,-z,max-page-size=4096 $$(GUEST_OBJS_$(1)_$(2)) $$(GUEST_LIB) -o $$@
endef

ALL  += $(GUEST_LIB)
DEPS += $(GUEST_OBJS:.o=.d)

# --- micro-VMs ------------------------------------------------------------------------------------
UVM_SUPER_ALL  := guest/mem.c guest/memcmp.c guest/handler.c $(sort $(wildcard guest/super/*.c))
UVM_SUPER_SRCS := $(UVM_SUPER_ALL) $(addprefix guest/x86_64/,start.S vectors.S entry.S \
                  exception.c classify.c fp.c)
UVM_USER_SRCS  := guest/sync.c $(addprefix guest/x86_64/,user.S user_fp.c user_mem.c \
                  upcall.S user_irq.c) \
                  guest/memcmp.c $(sort $(wildcard guest/uvm/*.c))
UVM_OBJS       := $(patsubst %,$(O)/x86_64-super/%.o,$(basename $(UVM_SUPER_SRCS))) \
                  $(patsubst %,$(O)/x86_64/%.o,$(basename $(UVM_USER_SRCS)))
UVM_LIB        := $(O)/guest/x86_64/libvitrine-guest.a
UVM_LD         := $(O)/guest/x86_64/guest.ld
UVM_LD_PIE     := $(O)/guest/x86_64/guest-pie.ld

$(O)/x86_64/guest/x86_64/user_mem.o $(O)/x86_64-super/guest/mem.o: GUEST_EXTRA := -fno-builtin \
    $(if $(filter gcc,$(TOOLCHAIN)),-fno-tree-loop-distribute-patterns)

# Ring-0 objects get sections of their own, and functions that both halves have names of their own:
# the ring-3 ones lie in pages that ring 0 must not execute.
UVM_BOTH := memcpy memmove memset memcmp vg_handler_register vg_handler_unregister
UVM_SUPER_RENAME := --prefix-alloc-sections=.super \
    $(foreach f,$(UVM_BOTH),--redefine-sym $(f)=vg_super_$(f))

$(O)/x86_64/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_x86_64) $(CFLAGS_FREE_x86_64) $(GUEST_INC) $(GUEST_EXTRA) $(CFLAGS_DEP) -c $< -o $@
$(O)/x86_64/%.o: %.S $(FLAGS_STAMP)
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_x86_64) $(ASFLAGS_FREE_x86_64) $(CFLAGS_DEP) -c $< -o $@
$(O)/x86_64-super/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_x86_64) $(CFLAGS_FREE_x86_64) $(CFLAGS_SUPER_x86_64) $(GUEST_INC) $(GUEST_EXTRA) \
	    $(CFLAGS_DEP) -c $< -o $@
	$(Q)$(OBJCOPY_x86_64) $(UVM_SUPER_RENAME) $@
$(O)/x86_64-super/%.o: %.S $(FLAGS_STAMP)
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_x86_64) $(ASFLAGS_FREE_x86_64) $(CFLAGS_DEP) -c $< -o $@
	$(Q)$(OBJCOPY_x86_64) $(UVM_SUPER_RENAME) $@

# Two members have the same name, so that they are appended and not replaced.
$(UVM_LIB): $(UVM_OBJS)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR_x86_64) qcsD $@ $^

$(UVM_LD): UVM_LD_FLAGS :=
$(UVM_LD_PIE): UVM_LD_FLAGS := -DVG_PIE
$(UVM_LD) $(UVM_LD_PIE): guest/uvm/guest.ld $(FLAGS_STAMP)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_x86_64) -E -P -x c $(UVM_LD_FLAGS) $< -o $@

UVM_STATIC := -static $(if $(filter gcc,$(TOOLCHAIN)),-no-pie)

# output, objects, linker script, flags
define uvm_link
ALL += $(1)
$(1): $(2) $$(UVM_LIB) $(3)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_x86_64) $(4) $$(LDFLAGS_FREE_x86_64) -Wl,-T,$(3) $(2) $$(UVM_LIB) -o $$@
endef

uvm_objs = $(foreach s,$(1),$(O)/x86_64$(if $(filter %_super.c,$(s)),-super)/$(basename $(s)).o)

# Of sources, those that are for an architecture: arch, sources
uvm_only = $(filter-out $(foreach a,$(filter-out $(1),x86_64 aarch64),%_$(a).c %_$(a)_super.c),$(2))

# output without .elf, objects
define uvm_program
DEPS += $(patsubst %.o,%.d,$(2))
$(call uvm_link,$(1).elf,$(2),$(UVM_LD),$(UVM_STATIC))
$(call uvm_link,$(1)-pie.elf,$(2),$(UVM_LD_PIE),-static-pie)
endef

uvm_guest_x86_64 = $(call uvm_program,$(O)/$(1)/$(2),$(call uvm_objs,$(call uvm_only,x86_64,$(3))))

define uvm_guest
$(call uvm_guest_x86_64,$(1),$(2),$(3))
$(call uvm_guest_aarch64,$(1),$(2),$(3))
endef

ALL  += $(UVM_LIB) $(UVM_LD) $(UVM_LD_PIE)
DEPS += $(UVM_OBJS:.o=.d)

# --- micro-VMs of aarch64, which can be bare zones as well ----------------------------------------
UVM_A64_SUPER_SRCS := $(UVM_SUPER_ALL) lib/intc.c lib/irqctl.c \
                      $(addprefix guest/aarch64/,classify.c gic.c gicv2.c) \
                      $(addprefix guest/aarch64/uvm/,start.S vectors.S exception.c fp.c irq.c \
                      zone.c zone_fault.c zone_irq.c zone_map.c zone_vcpu.c zone_uart.c)
UVM_A64_USER_SRCS  := guest/mem.c guest/sync.c $(addprefix guest/aarch64/uvm/,user.S user_fp.c \
                      upcall.S user_irq.c) \
                      guest/memcmp.c $(sort $(wildcard guest/uvm/*.c))
UVM_A64_OBJS       := $(patsubst %,$(O)/uvm-aarch64-super/%.o,$(basename $(UVM_A64_SUPER_SRCS))) \
                      $(patsubst %,$(O)/uvm-aarch64/%.o,$(basename $(UVM_A64_USER_SRCS)))
UVM_A64_LIB        := $(O)/guest/aarch64/uvm/libvitrine-guest.a
UVM_A64_LD         := $(O)/guest/aarch64/uvm/guest.ld
UVM_A64_LD_PIE     := $(O)/guest/aarch64/uvm/guest-pie.ld

$(O)/uvm-aarch64/guest/mem.o $(O)/uvm-aarch64-super/guest/mem.o: GUEST_EXTRA := -fno-builtin \
    $(if $(filter gcc,$(TOOLCHAIN)),-fno-tree-loop-distribute-patterns)

$(O)/uvm-aarch64/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_aarch64) $(CFLAGS_UVM_aarch64) $(GUEST_INC) $(GUEST_EXTRA) $(CFLAGS_DEP) -c $< -o $@
$(O)/uvm-aarch64/%.o: %.S $(FLAGS_STAMP)
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_aarch64) $(ASFLAGS_FREE_aarch64) $(CFLAGS_DEP) -c $< -o $@
$(O)/uvm-aarch64-super/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_aarch64) $(CFLAGS_UVM_aarch64) $(CFLAGS_UVM_SUPER_aarch64) $(GUEST_INC) \
	    $(GUEST_EXTRA) $(CFLAGS_DEP) -c $< -o $@
	$(Q)$(OBJCOPY_aarch64) $(UVM_SUPER_RENAME) $@
$(O)/uvm-aarch64-super/%.o: %.S $(FLAGS_STAMP)
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_aarch64) $(ASFLAGS_FREE_aarch64) $(CFLAGS_DEP) -c $< -o $@
	$(Q)$(OBJCOPY_aarch64) $(UVM_SUPER_RENAME) $@

$(UVM_A64_LIB): $(UVM_A64_OBJS)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR_aarch64) qcsD $@ $^

$(UVM_A64_LD_PIE): UVM_LD_FLAGS := -DVG_PIE
$(UVM_A64_LD) $(UVM_A64_LD_PIE): guest/uvm/guest.ld $(FLAGS_STAMP)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_aarch64) -E -P -x c $(UVM_LD_FLAGS) $< -o $@

UVM_A64_LDFLAGS := -nostdlib -Wl,--build-id=none -Wl,--gc-sections -Wl,-z,max-page-size=4096

# output, objects, linker script, flags
define uvm_a64_link
ALL += $(1)
$(1): $(2) $$(UVM_A64_LIB) $(3)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_aarch64) $(4) $$(UVM_A64_LDFLAGS) -Wl,-T,$(3) $(2) $$(UVM_A64_LIB) -o $$@
endef

uvm_a64_objs = $(foreach s,$(call uvm_only,aarch64,$(1)),\
    $(O)/uvm-aarch64$(if $(filter %_super.c,$(s)),-super)/$(basename $(s)).o)

# output without .elf, objects
define uvm_a64_program
DEPS += $(patsubst %.o,%.d,$(2))
$(call uvm_a64_link,$(1).elf,$(2),$(UVM_A64_LD),$(UVM_STATIC))
$(call uvm_a64_link,$(1)-pie.elf,$(2),$(UVM_A64_LD_PIE),-static-pie)
endef

uvm_guest_aarch64 = $(call uvm_a64_program,$(O)/$(1)/aarch64/$(2),$(call uvm_a64_objs,$(3)))

ALL  += $(UVM_A64_LIB) $(UVM_A64_LD) $(UVM_A64_LD_PIE)
DEPS += $(UVM_A64_OBJS:.o=.d)

# --- WebAssembly ----------------------------------------------------------------------------------
# $(eval $(call wasm_guest,DIR,NAME,SOURCES,MODULES)) builds $(O)/DIR/NAME.elf and NAME-pie.elf of
# C SOURCES and of MODULES, names of .wat files (or of C that clang makes a module of) without the
# ending: wasm2c makes C of them, and a header that the sources include as "MODULE.h". The runtime
# is written for the interface of wabt 1.0.32; with another, or none, nothing of this is built.
# Generated code lies in the build's directory, whose name is nothing for debuggers.
# Modules of generated sources lie below $(O) twice. The last prefix that fits is taken.
WASM_INC    := -Iguest/wasm/include -ffile-prefix-map=$(O)=build \
               -ffile-prefix-map=$(O)/wasm/$(O)=build/wasm/build
WASM_SRCS   := $(addprefix guest/wasm/,heap.c math.c memory.c setjmp.S table.c trap.c \
                   window_super.c)
WASM_OBJS    = $(call uvm_objs,$(WASM_SRCS))
WASM_USABLE := $(filter 1.0.32,$(shell wasm2c --version 2>/dev/null))

# Generated code has warnings. Frames are probed page by page, so that none can jump over the guard
# below the stack; calls in tail position stay calls, so that endless ones end.
WASM_CFLAGS := -O2 -w -msse4.1 -mpopcnt -fno-math-errno -frounding-math -fstack-clash-protection \
               -fno-optimize-sibling-calls -fno-strict-aliasing \
               $(if $(filter gcc,$(TOOLCHAIN)),-fsignaling-nans)

$(O)/x86_64/guest/wasm/%.o: GUEST_EXTRA := $(WASM_INC)

.PRECIOUS: $(O)/wasm/%.c $(O)/wasm/%.wasm
$(O)/wasm/%.wasm: %.wat
	$(call say,WASM,$@)
	@mkdir -p $(@D)
	$(Q)wat2wasm --enable-exceptions $< -o $@
$(O)/wasm/%.wasm: %.c $(FLAGS_STAMP)
	$(call say,WASM,$@)
	@mkdir -p $(@D)
	$(Q)clang --target=wasm32 -O2 $(WARN) -std=c11 -ffreestanding -nostdlib -Wl,--no-entry \
	    $< -o $@
$(O)/wasm/%.c: $(O)/wasm/%.wasm
	$(Q)wasm2c --enable-exceptions -n $(*F) $< -o $@
$(O)/wasm/%.o: $(O)/wasm/%.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	$(Q)$(CC_x86_64) $(CFLAGS_FREE_x86_64) $(WASM_INC) $(WASM_CFLAGS) $(CFLAGS_DEP) -c $< -o $@

# What a WebAssembly engine without an operating system asks of its platform. A guest with one links
# $(WASMTIME_LIB) before $(UVM_LIB), as $(eval $(call engine_guest,DIR,NAME,SOURCES)) does; it may
# bring tls_single.o.
WASMTIME_SRCS := $(addprefix guest/wasmtime/,area_super.c frame.c image.c map.c request.S sync.c \
                     tls.c trap.c) guest/wasm/setjmp.S
WASMTIME_OBJS := $(call uvm_objs,$(WASMTIME_SRCS))
WASMTIME_LIB  := $(O)/guest/x86_64/libvitrine-wasmtime.a
WASMTIME_TLS1 := $(call uvm_objs,guest/wasmtime/tls_single.c)
$(O)/x86_64/guest/wasmtime/%.o: GUEST_EXTRA := -Iguest/wasm/include
$(WASMTIME_LIB): $(WASMTIME_OBJS)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR_x86_64) qcsD $@ $^
engine_objs = $(call uvm_objs,$(1)) $(WASMTIME_LIB)
define engine_guest
DEPS += $(patsubst %.o,%.d,$(call uvm_objs,$(3)))
$(call uvm_link,$(O)/$(1)/$(2).elf,$(call engine_objs,$(3)),$(UVM_LD),$(UVM_STATIC))
$(call uvm_link,$(O)/$(1)/$(2)-pie.elf,$(call engine_objs,$(3)),$(UVM_LD_PIE),-static-pie)
endef

ALL  += $(WASMTIME_LIB) $(WASMTIME_TLS1)
DEPS += $(WASMTIME_OBJS:.o=.d) $(WASMTIME_TLS1:.o=.d)

WASM_LIB := $(O)/guest/x86_64/libvitrine-wasm.a
$(WASM_LIB): $(WASM_OBJS)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR_x86_64) qcsD $@ $^
ALL  += $(if $(WASM_USABLE),$(WASM_LIB))
DEPS += $(WASM_OBJS:.o=.d)

wasm_objs = $(call uvm_objs,$(1)) $(patsubst %,$(O)/wasm/%.o,$(2)) $(WASM_LIB)

define wasm_guest_rules
DEPS += $(patsubst %.o,%.d,$(filter %.o,$(call wasm_objs,$(3),$(4))))
$(call uvm_objs,$(3)): GUEST_EXTRA := $(WASM_INC) $(addprefix -I$(O)/wasm/,$(sort $(dir $(4))))
$(call uvm_objs,$(3)): | $(patsubst %,$(O)/wasm/%.c,$(4))
$(call uvm_link,$(O)/$(1)/$(2).elf,$(call wasm_objs,$(3),$(4)),$(UVM_LD),$(UVM_STATIC))
$(call uvm_link,$(O)/$(1)/$(2)-pie.elf,$(call wasm_objs,$(3),$(4)),$(UVM_LD_PIE),-static-pie)
endef
wasm_guest = $(if $(WASM_USABLE),$(wasm_guest_rules))
