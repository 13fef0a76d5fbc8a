# SPDX-License-Identifier: Apache-2.0
# libvitrine-guest for aarch64, and the recipe for bare guests that use it.
#
# $(eval $(call bare_guest,DIR,NAME,SOURCES)) builds $(O)/DIR/NAME.elf from SOURCES and the library;
# a fourth argument is where the zone's RAM begins, if not at 0x40000000.

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
