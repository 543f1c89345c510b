#!/bin/bash
# A run on a disk that is nearly full: full_disk.sh FOLDER BYTES COMMAND... in a mount namespace of its own.
#
# FOLDER/disk becomes a small file system with the checkpoint of FOLDER and a filler that leaves BYTES free; COMMAND,
# which writes to FOLDER/disk, is run twice, the second time without the filler. Its exit codes, what it says and the
# files in between are left in FOLDER, beside its results.
set -uo pipefail
folder=$1 bytes=$2
shift 2
disk=$folder/disk
mkdir -p "$disk"
mount -t tmpfs -o size=16m none "$disk" || exit 77
cp "$folder"/out.ckpt.h5 "$disk"/
free=$(($(stat -f -c '%a * %S' "$disk")))
head -c $((free - bytes)) /dev/zero >"$disk/filler"
"$@" >"$folder/full.out" 2>"$folder/full.err"
echo $? >"$folder/full.code"
ls "$disk" >"$folder/full.files"
rm "$disk/filler"
"$@" >"$folder/freed.out" 2>"$folder/freed.err"
echo $? >"$folder/freed.code"
rm "$folder"/out.ckpt.h5
cp "$disk"/out.* "$folder"/
