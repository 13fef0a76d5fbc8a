# SPDX-License-Identifier: Apache-2.0
# The one build tree of Vitrine: variables, targets and the parts' build.mk files (`make help`).
# It must parse on a fresh Debian where nothing but make and git is installed.

# --- what a user may set --------------------------------------------------------------------------
O         ?= build
V         ?=
TOOLCHAIN ?= gcc
OPT       ?= -O2
# Drivers in the hypervisor, e.g. "gicv3 channels"; empty: all. hyp/build.mk lists them.
HYP_DRIVERS ?=
# Extra arguments for tests/run.py, e.g. make check ZONE='--only linux-smp'.
ZONE      ?=
# Extra arguments for tests/attack/breaks.py, e.g. make check-full BREAKS=--resume.
BREAKS    ?=

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
JOBS ?= $(shell nproc)
# A make that make started has its share of the first one's jobs.
MAKEFLAGS += --no-builtin-rules $(if $(filter 0,$(MAKELEVEL)),-j$(JOBS))

Q := $(if $(V),,@)
# In a recipe: $(call say,CC,$@)
say = @printf '  %-8s %s\n' '$(1)' '$(2)'

ifeq ($(filter gcc clang,$(TOOLCHAIN)),)
$(error TOOLCHAIN=$(TOOLCHAIN) is not known: use TOOLCHAIN=gcc or TOOLCHAIN=clang)
endif

# --- set-up: packages are looked up (0.1 s) and installed before anything is built ----------------
# Not for goals that need no tools, nor when make only looks around (-n, -q, -t, completion).
LOOKING := $(foreach f,n q t,$(findstring $f,$(filter-out --%,$(firstword -$(MAKEFLAGS)))))
ifneq ($(filter-out clean help setup,$(or $(MAKECMDGOALS),all)),)
ifeq ($(strip $(LOOKING))$(VITRINE_NO_SETUP),)
ifneq ($(shell scripts/setup packages >&2 || echo failed),)
$(error scripts/setup could not install what the build needs, see its message above)
endif
# make variants and the zone tests call make again: once is enough.
export VITRINE_NO_SETUP := 1
endif
endif

# --- tools and flags ------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wconversion -Wshadow -Wundef -Wvla -Wimplicit-fallthrough -Wswitch-enum \
        -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wwrite-strings -Werror

# The same bytes whatever the directory: no path of the build machine, no time stamp.
CFLAGS_REPRO := -ffile-prefix-map=$(CURDIR)=. -Wdate-time
# Under both names of a target: tests call make with an absolute O.
CFLAGS_DEP    = -MMD -MP $(addprefix -MT ,$(sort $(abspath $@) $(patsubst $(CURDIR)/%,%,$@)))
CFLAGS_ALL   := -std=c11 -g $(WARN) $(CFLAGS_REPRO) -I.

HOSTCC      := $(TOOLCHAIN)
PYTHON      := /usr/bin/python3
CFLAGS_HOST := $(OPT) $(CFLAGS_ALL) -D_POSIX_C_SOURCE=200809L -fno-common

# Unit tests: real sources on the fake architecture, any finding ends the test.
CFLAGS_SAN := -O1 $(CFLAGS_ALL) -D_POSIX_C_SOURCE=200809L -fno-common -fno-omit-frame-pointer \
              -fsanitize=address,undefined -fno-sanitize-recover=all

CC_aarch64_gcc     := aarch64-linux-gnu-gcc
CC_aarch64_clang   := clang --target=aarch64-linux-gnu
LD_aarch64_gcc     := aarch64-linux-gnu-ld
LD_aarch64_clang   := ld.lld
CC_aarch64         := $(CC_aarch64_$(TOOLCHAIN))
LD_aarch64         := $(LD_aarch64_$(TOOLCHAIN))
OBJCOPY_aarch64    := aarch64-linux-gnu-objcopy
OBJDUMP_aarch64    := aarch64-linux-gnu-objdump
READELF_aarch64    := aarch64-linux-gnu-readelf
NM_aarch64         := aarch64-linux-gnu-nm
SIZE_aarch64       := aarch64-linux-gnu-size

# Freestanding code of the hypervisor and of bare guests. Frame pointers are kept for backtraces;
# strict alignment because some of it runs with the MMU off.
CFLAGS_FREE_aarch64 := $(OPT) $(CFLAGS_ALL) -ffreestanding -fno-pic -fno-pie -mgeneral-regs-only \
                       -mstrict-align -mno-outline-atomics -fno-stack-protector -fno-common \
                       -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
                       -fno-unwind-tables -fno-omit-frame-pointer -fno-strict-aliasing
ASFLAGS_FREE_aarch64 := -g $(CFLAGS_REPRO) -Wa,--fatal-warnings -I.
# For linking by $(CC_aarch64): no libc, no start files, no build id.
LDFLAGS_FREE_aarch64 := -nostdlib -static -Wl,--build-id=none -Wl,--gc-sections \
                        $(if $(filter clang,$(TOOLCHAIN)),-fuse-ld=lld,-no-pie)

# Micro-VM guests of aarch64: programs run at EL0 and may use all that the processor has; EL1 leaves
# floating point alone and begins with the MMU off.
AR_aarch64               := aarch64-linux-gnu-ar
CFLAGS_UVM_aarch64       := $(OPT) $(CFLAGS_ALL) -ffreestanding -fPIE -fvisibility=hidden \
                            -mno-outline-atomics -fno-stack-protector -fno-common \
                            -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
                            -fno-unwind-tables -fno-omit-frame-pointer -fno-strict-aliasing \
                            -mno-omit-leaf-frame-pointer
CFLAGS_UVM_SUPER_aarch64 := -mgeneral-regs-only -mstrict-align -fno-jump-tables

# Micro-VM guests of x86_64: programs run in ring 3 and may use all that the processor has; the
# ring-0 half of the runtime must do with plain x86-64, as some back ends emulate it (no FP, no red
# zone).
CC_x86_64_gcc       := x86_64-linux-gnu-gcc
CC_x86_64_clang     := clang --target=x86_64-linux-gnu
CC_x86_64           := $(CC_x86_64_$(TOOLCHAIN))
OBJCOPY_x86_64      := x86_64-linux-gnu-objcopy
OBJDUMP_x86_64      := x86_64-linux-gnu-objdump
AR_x86_64           := x86_64-linux-gnu-ar
CFLAGS_FREE_x86_64  := $(OPT) $(CFLAGS_ALL) -ffreestanding -fPIE -fvisibility=hidden \
                       -fno-stack-protector -fno-common -ffunction-sections -fdata-sections \
                       -fno-asynchronous-unwind-tables -fno-unwind-tables -fcf-protection=none \
                       -fno-omit-frame-pointer -fno-strict-aliasing
CFLAGS_SUPER_x86_64 := -mgeneral-regs-only -mno-red-zone -fno-jump-tables
ASFLAGS_FREE_x86_64 := -g $(CFLAGS_REPRO) -Wa,--fatal-warnings -I.
LDFLAGS_FREE_x86_64 := -nostdlib -Wl,--build-id=none -Wl,--gc-sections -Wl,-z,max-page-size=4096

# Objects that list $(FLAGS_STAMP) as a prerequisite are rebuilt when flags change under the same O.
FLAGS_STAMP := $(O)/flags.stamp
FLAGS_NOW   := $(HOSTCC) $(CFLAGS_HOST) $(CFLAGS_SAN) $(CC_aarch64) $(CFLAGS_FREE_aarch64) \
               $(HYP_DRIVERS) $(CFLAGS_UVM_aarch64) $(CFLAGS_UVM_SUPER_aarch64) \
               $(CC_x86_64) $(CFLAGS_FREE_x86_64) $(CFLAGS_SUPER_x86_64)
$(FLAGS_STAMP): FORCE
	@mkdir -p $(@D); printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_NOW)' >$@
FORCE:

# --- the parts ------------------------------------------------------------------------------------
# A fragment adds its products to ALL, its dependency files to DEPS, its sizes to SIZES.
ALL   :=
DEPS  :=
SIZES :=
-include hyp/build.mk guest/build.mk host/build.mk dev/build.mk zone0/build.mk plan/build.mk \
    cli/build.mk examples/build.mk tests/build.mk bench/build.mk scripts/install.mk

# Object files whose sources moved leave no stale rule: -MP in CFLAGS_DEP names every header.
-include $(DEPS)

# --- targets --------------------------------------------------------------------------------------
.PHONY: demo-zone0
.PHONY: all setup demo unit check check-full variants repro style format size clean help FORCE

all: $(ALL) ## build everything

setup: ## install packages, the second QEMU and the guest kernels (idempotent)
	$(Q)scripts/setup

cache: ## QEMU 10 and the guest kernels only, into the cache outside the tree
	$(Q)scripts/setup cache
.PHONY: cache

demo: all cache ## QEMU with linux0, linux1 and tick alive; a tour when there is no terminal
	$(Q)scripts/demo

demo-zone0: all cache ## QEMU with zone0 alone, which starts the other zones; or a tour of that
	$(Q)scripts/demo --zone0

unit: unit-tests fuzz-corpus style pytests ## unit tests, fuzz corpora, style (under 2 minutes)

check: unit variants repro bench-check cache uvm wasm-spec-quick ## unit, counts, quick tier
	$(Q)$(PYTHON) tests/run.py --tier quick $(ZONE)

check-full: unit variants repro bench cache uvm uvm-million uvm-arm64
check-full: uvm-tsan uvm-barriers wasm-spec fuzz ## everything
	$(Q)$(PYTHON) tests/run.py --tier full $(ZONE)
	$(Q)O=$(O) $(PYTHON) tests/attack/breaks.py --jobs $(JOBS) $(BREAKS)

# Every pair of compiler and optimization must build with no warning; the default pair is $(O).
VARIANTS := $(foreach t,gcc clang,$(foreach o,O0 O2,$t-$o))
variants: $(VARIANTS:%=variant-%) ## build everything with gcc and clang, -O0 and -O2
variant-%:
	$(call say,VARIANT,$*)
	$(Q)$(MAKE) --no-print-directory O=$(O)/variants/$* TOOLCHAIN=$(firstword $(subst -, ,$*)) \
	    OPT=-$(lastword $(subst -, ,$*)) all $(if $(V),,>/dev/null)

repro: all ## build again in another directory and compare
	$(Q)scripts/repro $(O)

style: style-format style-shape style-headers style-reuse style-docs ## formatting, budgets, docs
.PHONY: style-format style-shape style-headers style-reuse style-docs

# Not headers that hold macros for assembly.
C_FILES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h' | \
                  xargs grep -L '^[[:space:]]*\.macro')

# Versions differ in small ways: Debian 12's is the one that decides.
FORMAT_VERSION := 14
style-format:
	$(call say,STYLE,clang-format)
	$(Q)case "$$(clang-format --version)" in \
	*'version $(FORMAT_VERSION).'*) clang-format --dry-run -Werror $(C_FILES) ;; \
	*) echo '  SKIP     clang-format is not version $(FORMAT_VERSION)' ;; \
	esac

style-shape:
	$(call say,STYLE,shape)
	$(Q)$(PYTHON) scripts/shape.py

style-headers:
	$(call say,STYLE,headers)
	$(Q)scripts/headers

style-reuse:
	$(call say,STYLE,reuse)
	$(Q)reuse lint >$(O)/reuse.log 2>&1 || { cat $(O)/reuse.log; false; }
style-reuse: | $(O)/

# What docs/ says of functions and tests must be so.
style-docs:
	$(call say,STYLE,docs)
	$(Q)scripts/hops.py
	$(Q)scripts/claims.py
	$(Q)scripts/examples.py

$(O)/:
	@mkdir -p $@

format: ## rewrite C files in the project's format
	$(Q)clang-format -i $(C_FILES)

size: all ## size per section of what is loaded
	$(Q)$(SIZE_aarch64) -A -d $(or $(SIZES),$(filter %.elf,$(ALL))) | \
	    awk '/^(section|\.debug|\.comment|\.note)/ { next } { print }'

clean: ## remove $(O)
	rm -rf $(O)

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' \
	    $(filter-out %.d,$(MAKEFILE_LIST))
	@echo '  Settings: O=build V=1 TOOLCHAIN=gcc|clang OPT=-O2 JOBS=n HYP_DRIVERS="..."'
