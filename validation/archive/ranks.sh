#!/bin/bash
# A file does not depend on the number of ranks that wrote it, to the byte, and reads on any number.
. "$(dirname "$0")/lib.sh"
enter ranks
export SOURCE_DATE_EPOCH=1732186503
for p in 1 2 3 4 8; do
  on $p write "p$p.h5" 7 150001
  cmp p1.h5 "p$p.h5" || fail "the file of $p ranks differs from that of one"
done
for q in 1 2 3 4 8; do
  [ "$(on $q read p1.h5 p2.h5 p4.h5 p8.h5 | grep -c '^step 7$')" = 4 ] || fail "reading on $q ranks"
done
