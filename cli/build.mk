# SPDX-License-Identifier: Apache-2.0
# The `vitrine` command.

CLI_OBJS := $(patsubst %.c,$(O)/host/%.o,$(wildcard cli/*.c cli/$(HOST_ARCH)/*.c))

CLI_LIBS  = $(PLAN_LIBS) $(shell pkg-config --libs libseccomp) -lpthread

$(O)/bin/vitrine: $(CLI_OBJS) $(SERVE_OBJS) $(ZONE0_OBJS) $(DEV_LIB) $(PLAN_OBJS) $(HOST_LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $^ $(CLI_LIBS) -o $@

DEPS += $(CLI_OBJS:.o=.d)
ALL  += $(O)/bin/vitrine

# For aarch64 Linux, with libraries of the cache; not part of `all`.
CLI_A64_OBJS := $(call linux_a64_objs,$(wildcard cli/*.c cli/aarch64/*.c) $(ZONE0_SRCS) \
                    $(SERVE_SRCS) $(DEV_SRCS) $(PLAN_SRCS))
$(LINUX_A64)/bin/vitrine: $(CLI_A64_OBJS) $(LINUX_A64_LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINUX_A64_CC) $^ $(LINUX_A64_LIBS) -Wl,-rpath-link,$(LINUX_A64_ROOT)/lib/aarch64-linux-gnu \
	    -lcyaml -lyaml -lelf -lfdt -lseccomp -lpthread -o $@
DEPS += $(CLI_A64_OBJS:.o=.d)

# For zone0, on arm64: static, so that it runs in any userland; the verbs that make sense there.
CLI_ZONE0_DIR  := $(O)/zone0/aarch64
CLI_ZONE0_SRCS := $(ZONE0_SRCS) cli/zone0/verbs.c \
                  $(addprefix cli/,main.c json.c zone.c connect.c zone_show.c zone_change.c) \
                  $(addprefix cli/,zone_watch.c console.c log.c stat.c top.c doctor.c) \
                  $(addprefix cli/,doctor_zone0.c completion.c serve.c) $(SERVE_SRCS) $(DEV_SRCS)
CLI_ZONE0_OBJS := $(CLI_ZONE0_SRCS:%.c=$(CLI_ZONE0_DIR)/obj/%.o)

$(CLI_ZONE0_DIR)/obj/%.o: %.c $(FLAGS_STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_aarch64) $(CFLAGS_HOST) $(CFLAGS_DEP) -c $< -o $@

$(CLI_ZONE0_DIR)/vitrine: $(CLI_ZONE0_OBJS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -static -Wl,--build-id=none $^ -lpthread -o $@

DEPS += $(CLI_ZONE0_OBJS:.o=.d)
ALL  += $(CLI_ZONE0_DIR)/vitrine

# A hostile program for the tests of zone0.
ZONE0_GARBLE := $(O)/tests/zone/aarch64/garble
$(ZONE0_GARBLE): $(CLI_ZONE0_DIR)/obj/tests/zone/zone0/garble.o \
                 $(ZONE0_SRCS:%.c=$(CLI_ZONE0_DIR)/obj/%.o)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -static -Wl,--build-id=none $^ -lpthread -o $@
DEPS += $(CLI_ZONE0_DIR)/obj/tests/zone/zone0/garble.d
ALL  += $(ZONE0_GARBLE)
