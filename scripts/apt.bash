# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts/setup, qemu and guests: the cache directory and private apt roots, which never
# touch the system's apt configuration and let apt verify everything by Debian's signed index.
# shellcheck shell=bash

HOME=${HOME:-$(echo ~)} # a service may have none
CACHE="${VITRINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vitrine}"

say() { printf 'setup: %s\n' "$*" >&2; }

die() {
    printf 'setup: error: %s\n' "$*" >&2
    exit 1
}

# Prints the release's code name of this Debian: bookworm, trixie.
debian_codename() {
    # shellcheck disable=SC1091
    (. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-}")
}

# Prints the addresses of Debian's archive as this machine knows it, the best first. Third parties
# also use Debian's code names, so an entry must not call itself another origin; Origin is unknown,
# and its field printed as it stands here, where the system's own lists were never fetched.
debian_mirrors() {
    local info
    for info in --release-info --no-release-info; do
        apt-get indextargets "$info" --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' \
            'Created-By: Packages'
    done |
        awk -v code="$(debian_codename)" '
            $2 == code && $3 == "main" && $4 == "Debian" { print 1, $1 }
            $2 == code && $3 == "main" && ($4 == "" || $4 ~ /^\$/) {
                print ($1 ~ /\/debian\/?$/ ? 2 : 3), $1
            }' | sort -u | awk '!seen[$2]++ { print $2 }'
}

# Prints the keyring that the machine's sources name for address $1, or Debian's own, or nothing,
# in which case apt trusts what the system trusts.
debian_keyring() {
    local uri=${1%/} file key
    for file in /etc/apt/sources.list.d/*.sources; do
        [[ -r $file ]] || continue
        key=$(awk -v uri="$uri" '
            function done() { if (hit && key ~ /^\//) print key; hit = 0; key = "" }
            /^[ \t]*$/ { done() }
            tolower($1) == "uris:" { for (i = 2; i <= NF; i++) { sub(/\/$/, "", $i)
                                     if ($i == uri) hit = 1 } }
            tolower($1) == "signed-by:" { key = $2 }
            END { done() }' "$file" | head -n 1)
        [[ -n $key ]] && printf '%s\n' "$key" && return
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [[ -r $file ]] || continue
        key=$(grep -E '^[[:space:]]*deb[[:space:]]' "$file" | grep -F "$uri" |
            sed -n 's/.*signed-by=\([^] ,]*\).*/\1/p' | head -n 1 || true)
        [[ -n $key ]] && printf '%s\n' "$key" && return
    done
    for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
        [[ -r $file ]] && printf '%s\n' "$file" && return
    done
    return 0
}

# Runs a command of apt in the root that apt_root made last.
private_apt() {
    local tool=$1
    shift
    "$tool" -o Dir::State="$APT_ROOT/state" -o Dir::Cache="$APT_ROOT/cache" \
        -o Dir::Etc::sourcelist="$APT_ROOT/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State::status="$APT_STATUS" -o APT::Architecture="$APT_ARCH" \
        -o APT::Architectures="$APT_ARCH" -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
        -o Acquire::Languages=none -o APT::Install-Recommends=0 -o APT::Update::Post-Invoke::= \
        -o Acquire::Retries=2 "$@"
}

# apt_root ARCH STATUS SUITE...: makes a private root whose only sources are these suites of Debian,
# with STATUS as what is installed (/dev/null: nothing), and fetches their indexes.
apt_root() {
    APT_ARCH=$1 APT_STATUS=$2
    shift 2
    APT_ROOT="$CACHE/apt/$APT_ARCH-$1"
    mkdir -p "$APT_ROOT"/state/lists/partial "$APT_ROOT"/cache/archives/partial
    local uri key suite
    for uri in $(debian_mirrors); do
        key=$(debian_keyring "$uri")
        for suite in "$@"; do
            printf 'deb %s %s %s main\n' "${key:+[signed-by=$key]}" "$uri" "$suite"
        done >"$APT_ROOT/sources.list"
        if private_apt apt-get -qq update >"$APT_ROOT/update.log" 2>&1 &&
            [[ $(private_apt apt-get indextargets --format '$(ORIGIN)') == Debian* ]]; then
            return 0
        fi
    done
    [[ -f $APT_ROOT/update.log ]] && cat "$APT_ROOT/update.log" >&2
    die "no source in /etc/apt serves Debian's '$*' for $APT_ARCH (is the network there?)"
}

# Downloads package $1 (with =version) into directory $2 and prints its file name, after comparing
# it with the SHA256 of the signed index, which is kept in $CACHE/sha256.
apt_fetch() {
    local package=$1 dir=$2 deb want
    mkdir -p "$dir"
    rm -f "$dir/${package%%=*}"_*.deb
    (cd "$dir" && private_apt apt-get -qq download "$package" >&2) ||
        die "download of $package failed"
    deb=$(ls "$dir/${package%%=*}"_*.deb)
    want=$(private_apt apt-cache show "$package" | sed -n 's/^SHA256: //p' | head -n 1)
    [[ ${#want} == 64 ]] || die "the index has no SHA256 for $package"
    printf '%s  %s\n' "$want" "$deb" | sha256sum --check --quiet >&2 ||
        die "$deb is not what the signed index says"
    printf '%s  %s\n' "$want" "${deb##*/}" >>"$CACHE/sha256"
    printf '%s\n' "$deb"
}

# Takes the cache's lock, so that two runs of make don't unpack over each other.
cache_lock() {
    mkdir -p "$CACHE"
    exec 9>"$CACHE/lock"
    flock -w 900 9 || die "another set-up holds $CACHE/lock for 15 minutes"
}
