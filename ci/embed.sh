#!/bin/sh
# Usage: ci/embed.sh FILE | NAME=FILE ... > embedded.S
# Assembly that holds the bytes of every file and the table that reporter/toolchain/embedded.h declares, in the order
# of the arguments. A file that was built has a name other than where it lies. Assemble it in the directory that the file names are relative to.
set -eu

printf '\t.section .rodata.rf_embedded,"a",@progbits\n'
i=0
for argument in "$@"; do
	name=${argument%%=*} file=${argument#*=}
	if [ ! -r "$file" ]; then
		echo "ci/embed.sh: can't read $file; EMBEDDED_FILES in reporter/sources.mk names it" >&2
		exit 1
	fi
	printf '\t.balign 16\n.Lbytes%d:\n\t.incbin "%s"\n.Lend%d:\n\t.byte 0\n.Lname%d:\n\t.asciz "%s"\n' \
		$i "$file" $i $i "$name"
	i=$((i + 1))
done
printf '\t.section .data.rel.ro.rf_embedded,"aw",@progbits\n\t.balign 8\n'
printf '\t.globl rf_embedded_files\n\t.type rf_embedded_files, @object\nrf_embedded_files:\n'
n=0
while [ $n -lt $i ]; do
	printf '\t.quad .Lname%d, .Lbytes%d, .Lend%d - .Lbytes%d\n' $n $n $n $n
	n=$((n + 1))
done
printf '\t.quad 0, 0, 0\n\t.size rf_embedded_files, . - rf_embedded_files\n'
printf '\t.section .note.GNU-stack,"",@progbits\n'
