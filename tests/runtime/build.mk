# SPDX-License-Identifier: Apache-2.0
# The examples of docs/runtime.md, extracted by scripts/examples.py and built as any guest is:
# $(O)/docs/runtime/uvm/NAME.elf (micro-VM; uvm/aarch64/NAME.elf, which can be a zone, too),
# zone/NAME.elf (bare zone), NAME_host (its program).

RUNTIME_PAGE := docs/runtime.md
RUNTIME_DIR  := $(O)/docs/runtime
RUNTIME_TEST := $(RUNTIME_DIR)/runtime_test.sh

# Names of examples with a target, and of their further files.
runtime_names  = $(shell sed -n 's/^<!-- example \([a-z0-9_]*\):[^>]* $(1) .*-->$$/\1/p' \
                       $(RUNTIME_PAGE))
RUNTIME_PARTS := $(shell sed -n 's/^`\([a-z0-9_]*\.[a-z]*\)`:$$/\1/p' $(RUNTIME_PAGE))
RUNTIME_A64_TOOLS := $(LINUX_A64)/bin/vitrine
RUNTIME_HOSTS := $(basename $(filter %_host.c,$(RUNTIME_PARTS)))

# Whatever is extracted keeps its time while it is the same.
RUNTIME_STAMP := $(RUNTIME_DIR)/stamp
$(RUNTIME_STAMP): $(RUNTIME_PAGE) scripts/examples.py tests/runtime/transcript.sh
	$(call say,EXTRACT,$(RUNTIME_DIR))
	@mkdir -p $(@D)
	$(Q)$(PYTHON) scripts/examples.py --extract $(@D)
	@touch $@
$(RUNTIME_DIR)/%.c: $(RUNTIME_STAMP) ; @:
$(RUNTIME_TEST): $(RUNTIME_STAMP) ; @:
.PRECIOUS: $(RUNTIME_DIR)/%.c

# Named, so that modules are made of these and not of the C beside them.
$(addprefix $(RUNTIME_DIR)/,$(filter %.wat,$(RUNTIME_PARTS))): $(RUNTIME_STAMP) ; @:

runtime_sources = $(RUNTIME_DIR)/$(1).c \
    $(patsubst %,$(RUNTIME_DIR)/%,$(filter $(1)_super.c,$(RUNTIME_PARTS)))

# name, recipe
define runtime_uvm
$(call uvm_objs,$(call runtime_sources,$(1))) $(call uvm_a64_objs,$(call runtime_sources,$(1))): \
    GUEST_EXTRA := -ffile-prefix-map=$(O)=build
$(call $(2),docs/runtime/uvm,$(1),$(call runtime_sources,$(1)))
endef
runtime_wasm = $(call wasm_guest,docs/runtime/uvm,$(1),$(call runtime_sources,$(1)),\
    $(RUNTIME_DIR)/$(1))
define runtime_engine
$(call uvm_objs,$(call runtime_sources,$(1))): GUEST_EXTRA := -ffile-prefix-map=$(O)=build
$(call engine_guest,docs/runtime/uvm,$(1),$(call runtime_sources,$(1)))
endef
define runtime_zone
$(O)/aarch64/$(RUNTIME_DIR)/$(1).o: GUEST_EXTRA := -ffile-prefix-map=$(O)=build
$(call bare_guest,docs/runtime/zone,$(1),$(RUNTIME_DIR)/$(1).c)
endef
define runtime_host
ALL  += $(RUNTIME_DIR)/$(1)
DEPS += $(O)/host/$(RUNTIME_DIR)/$(1).d
UVM_TOOLS += $(RUNTIME_DIR)/$(1)
$(O)/host/$(RUNTIME_DIR)/$(1).o: CFLAGS_HOST += $$(HOST_INC)
$(RUNTIME_DIR)/$(1): $(O)/host/$(RUNTIME_DIR)/$(1).o $$(HOST_SO)
	$$(call say,LINK,$$@)
	$$(Q)$$(HOSTCC) $$< -L$$(dir $$(HOST_SO)) -lvitrine -lpthread \
	    -Wl,-rpath,'$$$$ORIGIN/../../lib' -o $$@
DEPS += $(LINUX_A64)/obj/$(RUNTIME_DIR)/$(1).d
RUNTIME_A64_TOOLS += $(LINUX_A64)/docs/runtime/$(1)
$(LINUX_A64)/docs/runtime/$(1): $(LINUX_A64)/obj/$(RUNTIME_DIR)/$(1).o $$(LINUX_A64_LIB)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(LINUX_A64_CC) $$^ -lpthread -o $$@
endef

$(eval $(call guest_objects,$(RUNTIME_DIR)))
RUNTIME_X86 := $(call runtime_names,arch=x86_64)
RUNTIME_UVM := $(call runtime_names,uvm)
$(foreach e,$(RUNTIME_UVM),$(eval \
    $(call runtime_uvm,$(e),$(if $(filter $(e),$(RUNTIME_X86)),uvm_guest_x86_64,uvm_guest))))
$(foreach e,$(call runtime_names,wasm),$(eval $(call runtime_wasm,$(e))))
$(foreach e,$(call runtime_names,engine),$(eval $(call runtime_engine,$(e))))
$(foreach e,$(filter-out $(RUNTIME_UVM),$(call runtime_names,zone)),\
    $(eval $(call runtime_zone,$(e))))
$(foreach e,$(RUNTIME_HOSTS),$(eval $(call runtime_host,$(e))))
ALL += $(RUNTIME_TEST)
UVM_A64_TOOLS += $(RUNTIME_A64_TOOLS)
uvm-arm64-build: $(RUNTIME_A64_TOOLS)
