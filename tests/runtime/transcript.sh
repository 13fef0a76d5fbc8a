#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs commands as docs/runtime.md shows them and compares what they print; scripts/examples.py
# appends the page's examples. Reports as cmocka does; needs vitrine and the examples' programs in
# PATH, guests in $UVM_GUESTS. UVM_EXAMPLES: names of the examples to run, all by default.
cd "$UVM_GUESTS" || exit
dir=$(mktemp -d)
failed=0

# run COMMAND: as the page's reader would type it, all output in $dir/out, its status as last line.
run() {
    case $1 in ./*) set -- "${1#./}" ;; esac
    sh -c "$1" >"$dir/out" 2>&1 </dev/null
    status=$?
    [ $status = 0 ] || echo "exit status $status" >>"$dir/out"
    exec 4<"$dir/out"
}

# find PATTERN: reads the output on until a line matches. Carriage returns are serial lines'.
find() {
    while IFS= read -r line <&4; do
        case $line in $1) return 0 ;; esac
    done
    return 1
}

# ended: the command's status was as shown, which is 0 unless the last line says otherwise.
ended() {
    [ "$status" = 0 ] || case $shown in "exit status $status") ;; *) return 1 ;; esac
}

# example NAME: reads commands, lines that begin with `$ `, and lines that they print; * as in file
# names.
example() {
    problem= status=0 shown=
    case " ${UVM_EXAMPLES:-$1} " in *" $1 "*) ;; *) return ;; esac
    echo "[ RUN      ] $1"
    while IFS= read -r text; do
        case $text in
        '$ '*)
            ended || problem="${problem:-exit status $status}"
            run "${text#\$ }"
            ;;
        *) find "$text" || problem=${problem:-"no line '$text'"} ;;
        esac
        shown=$text
    done
    ended || problem="${problem:-exit status $status}"
    if [ -z "$problem" ]; then
        echo "[       OK ] $1"
    else
        echo "$problem; the last command printed:"
        cat "$dir/out"
        echo "[  FAILED  ] $1"
        failed=1
    fi
}

