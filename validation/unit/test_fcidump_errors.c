/* Malformed FCIDUMP files: the exact message of each. */
#include "base/qv_memory.h"
#include "io/qv_fcidump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "&FCI NORB=2,NELEC=2,MS2=0,\nORBSYM=1,1,\nISYM=1,\n&END\n"
#define TWO  "0.6745 1 1 1 1\n0.6635 2 2 1 1\n0.1813 2 1 2 1\n0.6974 2 2 2 2\n"
#define ONE  "-1.2525 1 1 0 0\n-0.4759 2 2 0 0\n"
#define CORE "0.7138 0 0 0 0\n"
#define UHF  "&FCI NORB=4,NELEC=2,MS2=0,UHF=.TRUE.,&END\n"
#define ZERO "0.0 0 0 0 0\n"

static const struct {
  const char *text, *message;
} malformed[] = {
    /* the header */
    {"", "f:1: the file is empty: write the integrals again"},
    {" \n\n", "f:1: the file is empty: write the integrals again"},
    {"\x89HDF\r\n", "f:1: an FCIDUMP begins with &FCI (or $FCI), not with '?HDF': is this the file?"},
    {"&FCI NORB=2,NELEC=2,MS2=0,\n",
     "f:1: the header that begins here has no end (&END or /): the file is truncated or "
     "not an FCIDUMP, write it again"},
    {"\n&FCI NORB=2,NELEC=2,MS2=0,\nORBSYM=1,1,\nISYM=1,\n" TWO ONE CORE,
     "f:5: integrals begin before the header has ended: put &END or / above"},
    {"&FCI NELEC=2,MS2=0 &END\n" TWO ONE CORE, "f:1: NORB is missing: add NORB=<number of orbitals>"},
    {"&FCI NELEC=2,\nNORB=,MS2=0 &END\n" TWO ONE CORE, "f:2: NORB is missing: add NORB=<number of orbitals>"},
    {"&FCI NORB=2,MS2=0 &END\n" TWO ONE CORE, "f:1: NELEC is missing: add NELEC=<number of electrons>"},
    {"&FCI NORB=0,NELEC=2,MS2=0 &END\n" TWO ONE CORE,
     "f:1: NORB = 0 is not in 1..64: correct it, or write a smaller active space"},
    {"&FCI\nNORB=65,NELEC=2,MS2=0 &END\n" TWO ONE CORE,
     "f:2: NORB = 65 is not in 1..64: correct it, or write a smaller active space"},
    {"&FCI NORB=130,NELEC=2,MS2=0,UHF=.TRUE. &END\n" TWO ONE CORE,
     "f:1: NORB = 130 is not in 1..128: correct it, or write a smaller active space"},
    {"&FCI NORB=3,NELEC=2,MS2=0,UHF=.TRUE. &END\n" TWO ONE CORE,
     "f:1: NORB = 3 is odd, but in this file it counts spin orbitals: correct it"},
    {"&FCI NORB=two,NELEC=2 &END\n", "f:1: NORB is 'two', which is not a whole number: correct the header"},
    {"&FCI NORB=2.0,NELEC=2 &END\n", "f:1: NORB is '2.0', which is not a whole number: correct the header"},
    {"&FCI NORB=2,NELEC=12345678901 &END\n",
     "f:1: NELEC is '12345678901', which is not a whole number: correct the header"},
    {"&FCI NORB=2,NELEC=2,UHF=maybe &END\n",
     "f:1: UHF is 'maybe', which is not a logical value (.TRUE., .FALSE.): correct the header"},
    {"&FCI NORB=2 3,NELEC=2 &END\n", "f:1: NORB has more than one value ('3'): give one, as in NORB=2"},
    {"&FCI NORB=2*2,NELEC=2 &END\n", "f:1: NORB has more than one value ('2*2'): give one, as in NORB=0"},
    {"&FCI NORB=2,NELEC=2,\nNORB=3 &END\n", "f:2: NORB is given twice (first in line 1): remove one of the two"},
    {"&FCI 7 NORB=2 &END\n", "f:1: '7' does not belong here: the header is a list of NAME=value"},
    {"&FCI NORB==2 &END\n", "f:1: '=' does not belong here: the header is a list of NAME=value"},
    {"&FCI NORB=2,ORBSYM(1)=1 &END\n", "f:1: 'ORBSYM(1)' sets a part of an array: give the whole list, ORBSYM=1,1,..."},
    {"&FCI NORB=2,NELEC=5,MS2=1 &END\n" TWO ONE CORE,
     "f:1: NELEC = 5 does not fit into 2 orbitals (0..4): correct NELEC or NORB"},
    {"&FCI NORB=2,NELEC=-2,MS2=0 &END\n" TWO ONE CORE,
     "f:1: NELEC = -2 does not fit into 2 orbitals (0..4): correct NELEC or NORB"},
    {"&FCI NORB=2,NELEC=2,\nMS2=1 &END\n" TWO ONE CORE,
     "f:2: MS2 = 1 and NELEC = 2: both must be even or both odd (MS2 is N_alpha - N_beta)"},
    {"&FCI NORB=2,NELEC=1 &END\n" TWO ONE CORE,
     "f:1: MS2 = 0 and NELEC = 1: both must be even or both odd (MS2 is N_alpha - N_beta)"},
    {"&FCI NORB=2,NELEC=4,MS2=2 &END\n" TWO ONE CORE,
     "f:1: MS2 = 2 is not in 0..0 for 4 electrons in 2 orbitals: correct it"},
    {"&FCI NORB=2,NELEC=1,MS2=-3 &END\n" TWO ONE CORE,
     "f:1: MS2 = -3 is not in -1..1 for 1 electrons in 2 orbitals: correct it"},
    {"&FCI NORB=2,NELEC=2,MS2=0,\nORBSYM=1,\n&END\n" TWO ONE CORE,
     "f:2: ORBSYM has 1 entries for NORB = 2: give one irrep per orbital"},
    {"&FCI NORB=2,NELEC=2,MS2=0,ORBSYM=999*1 &END\n" TWO ONE CORE,
     "f:1: ORBSYM has 999 entries for NORB = 2: give one irrep per orbital"},
    {"&FCI NORB=2,NELEC=2,MS2=0,ORBSYM=1,9 &END\n" TWO ONE CORE,
     "f:1: ORBSYM holds 9, but irreps are numbered 1 to 8: use D2h or a subgroup, or set all to 1"},
    /* the integrals */
    {HEAD TWO "-1.2525 1 3 0 0\n" CORE,
     "f:9: orbital 3 is beyond NORB = 2: correct NORB in line 1, or write the file again"},
    {"&FCI NORB=3,NELEC=2,MS2=0 &END\n" TWO ONE CORE,
     "f:1: orbital 3 is in no integral: NORB is too large, or the file is incomplete"},
    {HEAD TWO "nan 1 1 0 0\n" CORE, "f:9: the value nan is not finite: the program that wrote the file failed"},
    {HEAD "-Infinity 1 1 1 1\n", "f:5: the value -Infinity is not finite: the program that wrote the file failed"},
    {HEAD "1e999 1 1 1 1\n", "f:5: the value 1e999 is not finite: the program that wrote the file failed"},
    {HEAD "******** 1 1 1 1\n", "f:5: '********' is not a number: a line is 'value i j k l'"},
    {HEAD "0x1p3 1 1 1 1\n", "f:5: '0x1p3' is not a number: a line is 'value i j k l'"},
    {HEAD "1.0e 1 1 1 1\n", "f:5: '1.0e' is not a number: a line is 'value i j k l'"},
    {HEAD "--1.0 1 1 1 1\n", "f:5: '--1.0' is not a number: a line is 'value i j k l'"},
    {HEAD "1.0-5-5 1 1 1 1\n", "f:5: '1.0-5-5' is not a number: a line is 'value i j k l'"},
    {HEAD "(0.5 0.0) 1 1 1\n", "f:5: the value '(0.5' is complex: only real orbitals can be used here"},
    {HEAD "(0.5,0.0) 1 1 1 1\n", "f:5: a line is 'value i j k l', this one has 6 words: remove or mend it"},
    {HEAD "\n0.5 1 1 1\n" TWO, "f:6: a line is 'value i j k l', this one has 4 words: remove or mend it"},
    {HEAD "integrals\n" TWO, "f:5: a line is 'value i j k l', this one has 1 word: remove or mend it"},
    {HEAD "0.5 1 1 1.5 1\n", "f:5: '1.5' is not an orbital number: a line is 'value i j k l'"},
    {HEAD "0.5 1 -1 1 1\n", "f:5: '-1' is not an orbital number: a line is 'value i j k l'"},
    {HEAD "0.5 1 1 1 0\n", "f:5: the indices 1 1 1 0 mean nothing: use i j k l, i j 0 0, i 0 0 0 or 0 0 0 0"},
    {HEAD "0.5 0 1 0 0\n", "f:5: the indices 0 1 0 0 mean nothing: use i j k l, i j 0 0, i 0 0 0 or 0 0 0 0"},
    {HEAD TWO ONE "0.1814 1 2 1 2\n" CORE,
     "f:11: the value 0.1814 of 1 2 1 2 contradicts 0.1813, given above for the same "
     "integral: write the file again"},
    {HEAD TWO ONE "0.2 1 2 0 0\n0.3 2 1 0 0\n" CORE,
     "f:12: the value 0.3 of 2 1 0 0 contradicts 0.2, given above for the same integral: write the file again"},
    {HEAD TWO ONE CORE "0.8 0 0 0 0\n",
     "f:12: a second core energy, 0.8 after 0.7138: remove one (an unrestricted file needs IUHF=1 or UHF=.TRUE. in its "
     "header)"},
    /* truncated */
    {HEAD, "f:1: there are no integrals: the file is truncated, write it again"},
    {HEAD CORE, "f:5: there are no integrals: the file is truncated, write it again"},
    {HEAD TWO ONE, "f:10: the file ends without a core energy ('value 0 0 0 0'): it is truncated, write it again"},
    {HEAD TWO "-1.2525 1 1", "f:9: the last line is cut: the file is truncated, write it again"},
    {HEAD CORE TWO "-1.2525 1 1 0 0", "f:10: the last line is cut: the file is truncated, write it again"},
    {HEAD TWO ONE "0.7138 0 0 0", "f:11: the last line is cut: the file is truncated, write it again"},
    /* unrestricted */
    {UHF TWO, "f:1: an unrestricted file has one '0 0 0 0' line (spin orbitals) or six (blocks), this one has 0: it is "
              "truncated or damaged, write it again"},
    {UHF TWO ZERO TWO ZERO TWO ZERO, "f:1: an unrestricted file has one '0 0 0 0' line (spin orbitals) or six "
                                     "(blocks), this one has 3: it is truncated "
                                     "or damaged, write it again"},
    {UHF TWO ONE CORE,
     "f:4: the pair 2 1 joins alpha (odd) and beta (even): one '0 0 0 0' line means spin orbitals, six "
     "mean blocks of spatial ones; is the file truncated?"},
    {UHF "0.5 1 1 1 1\n-1 1 1 0 0\n-1 2 2 0 0\n-1 3 3 0 0\n" CORE,
     "f:1: orbital 4 is in no integral: NORB is too large, or the file is incomplete"},
    {"&FCI NORB=2,NELEC=2,IUHF=1 /\n" TWO ZERO "0.7 1 1 1 1\n" ZERO "0.6 2 2 1 1\n" ZERO ONE ZERO
     "-1 1 1 0 0\n" ZERO CORE,
     "f:1: orbital 2 (beta) is in no integral: NORB is too large, or the file is incomplete"},
    {"&FCI NORB=2,NELEC=2,IUHF=1 /\n" TWO ZERO TWO ZERO ONE ZERO TWO ZERO ONE ZERO CORE,
     "f:12: a one-electron integral stands in block 3 of 6: the order is (aa|aa), (bb|bb), (aa|bb), h alpha, h beta, "
     "core"},
    {"&FCI NORB=2,NELEC=2,IUHF=1 /\n" TWO ZERO TWO ZERO TWO ZERO TWO ZERO ONE ZERO CORE,
     "f:17: a two-electron integral stands in block 4 of 6: the order is (aa|aa), (bb|bb), (aa|bb), h alpha, h beta, "
     "core"},
    {"&FCI NORB=2,NELEC=2,IUHF=1 /\n" TWO CORE ZERO ZERO ZERO ZERO ZERO,
     "f:6: the line that ends block 1 of 6 holds 0.7138 instead of 0: is a block missing?"},
};

static void expect(const char *text, size_t length, const char *message)
{
  qv_fcidump *dump = NULL;
  const qv_code code = qv_fcidump_parse("f", text, length, &dump);
  if (code == QV_OK) {
    fail_msg("read without a complaint, expected: %s", message);
  }
  assert_null(dump);
  assert_string_equal(qv_error_text(), message);
  assert_int_equal(code, QV_ERR_INPUT);
  qv_error_clear();
}

static void each_has_its_message(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
    expect(malformed[i].text, strlen(malformed[i].text), malformed[i].message);
  }
  assert_int_equal(qv_memory_balance(), 0);
}

/* A good file cut anywhere before its last number is refused, and never read past its end (the copy is as long as the
 * cut text, so that the sanitizer sees it). */
static void every_truncation_is_noticed(void **state)
{
  (void)state;
  const char *whole = HEAD TWO ONE CORE;
  const size_t complete = strlen(whole) - 1; /* only the last line end is missing */
  for (size_t length = 0; length <= strlen(whole); length++) {
    qv_fcidump *dump = NULL;
    char *copy = malloc(length + (length == 0));
    assert_non_null(copy);
    memcpy(copy, whole, length);
    const qv_code code = qv_fcidump_parse("f", copy, length, &dump);
    assert_int_equal(code, length < complete ? QV_ERR_INPUT : QV_OK);
    free(copy);
    qv_fcidump_destroy(&dump);
    qv_error_clear();
  }
  assert_int_equal(qv_memory_balance(), 0);
}

static void zero_bytes_are_no_text(void **state)
{
  (void)state;
  static const char text[] = HEAD "0.5\0 1 1 1 1\n";
  expect(text, sizeof text - 1, "f:5: '0.5?' is not a number: a line is 'value i j k l'");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_has_its_message),
      cmocka_unit_test(every_truncation_is_noticed),
      cmocka_unit_test(zero_bytes_are_no_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
