# SPDX-License-Identifier: Apache-2.0
# The plan compiler (objects that the CLI links) and the boards' device trees.

PLAN_SRCS := $(wildcard plan/*.c) $(wildcard lib/plan_*.c)
PLAN_OBJS := $(PLAN_SRCS:%.c=$(O)/host/%.o)
# libfdt has no pkg-config file in Debian. Recursive: nothing is asked before it is needed.
PLAN_LIBS = $(shell pkg-config --libs libcyaml yaml-0.1 libelf) -lfdt

BOARDS     := $(notdir $(patsubst %/,%,$(dir $(wildcard boards/*/board.dts))))
BOARD_DTBS := $(BOARDS:%=$(O)/boards/%.dtb)

$(O)/host/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_HOST) $(CFLAGS_DEP) -c $< -o $@

$(BOARD_DTBS): $(O)/boards/%.dtb: boards/%/board.dts boards/qemu-virt-aarch64/board.dts
	$(call say,DTC,$@)
	@mkdir -p $(@D)
	$(Q)dtc -I dts -O dtb -o $@ $<

DEPS += $(PLAN_OBJS:.o=.d)
ALL  += $(BOARD_DTBS)

# The same program with the sanitizers, for tests/plan; not part of `all`.
PLAN_SAN_OBJS := $(patsubst %.c,$(O)/host-san/%.o,$(PLAN_SRCS) $(HOST_SRCS) $(ZONE0_SRCS) \
                     $(SERVE_SRCS) $(DEV_SRCS) $(wildcard cli/*.c cli/$(HOST_ARCH)/*.c))
$(O)/host-san/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(CFLAGS_SAN) $(HOST_INC) $(CFLAGS_DEP) -c $< -o $@

$(O)/bin-san/vitrine: $(PLAN_SAN_OBJS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -fsanitize=address,undefined $^ $(CLI_LIBS) -o $@

DEPS += $(PLAN_SAN_OBJS:.o=.d)
pytests: $(O)/bin-san/vitrine
