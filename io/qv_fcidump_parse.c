#include "io/qv_fcidump_text.h"

#include "base/qv_memory.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Two values of one integral may differ by this much: programs write both members of a symmetric pair, each with its
 * own rounding and, from single files, with as few as nine digits. */
#define SAME_VALUE 1e-8

/* How an unrestricted file tells alpha from beta. */
typedef enum {
  LAYOUT_RESTRICTED,
  LAYOUT_SPIN_ORBITALS, /* Psi4, NECI: NORB counts spin orbitals, odd numbers are alpha, even ones beta */
  LAYOUT_BLOCKS         /* Molpro, PySCF: (aa|aa), (bb|bb), (aa|bb), h alpha, h beta, core, ended by "0.0 0 0 0 0" */
} file_layout;

typedef struct {
  qv_fcidump_cursor *cursor;
  const qv_fcidump_header *header;
  qv_fcidump *dump;
  file_layout layout;
  int top;   /* largest index that the file may hold */
  int block; /* of LAYOUT_BLOCKS, from 0 */
  int line;  /* the line in hand */
  int kind;  /* its number of orbitals: 4, 2, 1, 0 */
  bool has_core;
  int64_t integrals;
  uint64_t seen[2]; /* orbitals that occur in an integral, by spin */
} reader;

static size_t copy_digits(qv_fcidump_word word, size_t *at, char *out, size_t *n)
{
  const size_t first = *at;
  while (*at < word.length && isdigit((unsigned char)word.text[*at])) {
    out[(*n)++] = word.text[(*at)++];
  }
  return *at - first;
}

static void copy_one_of(qv_fcidump_word word, size_t *at, const char *set, char *out, size_t *n)
{
  if (*at < word.length && word.text[*at] != '\0' && strchr(set, word.text[*at])) {
    out[(*n)++] = word.text[(*at)++];
  }
}

/* Copies a Fortran real to C's form: the exponent may begin with D or Q, or with its sign alone ("1.5-101"). False if
 * the word is not a number. */
static bool to_c_number(qv_fcidump_word word, char *out, size_t size)
{
  size_t n = 0, at = 0;
  if (word.length + 2 > size) {
    return false;
  }
  copy_one_of(word, &at, "+-", out, &n);
  size_t digits = copy_digits(word, &at, out, &n);
  copy_one_of(word, &at, ".", out, &n);
  digits += copy_digits(word, &at, out, &n);
  if (digits > 0 && at < word.length) {
    at += word.text[at] != '\0' && strchr("eEdDqQ", word.text[at]) != NULL;
    out[n++] = 'e';
    copy_one_of(word, &at, "+-", out, &n);
    digits = copy_digits(word, &at, out, &n);
  }
  out[n] = '\0';
  return digits > 0 && at == word.length;
}

static qv_code read_value(const reader *r, qv_fcidump_word word, double *value)
{
  char number[64], shown[40];
  const bool sign = word.text[0] == '+' || word.text[0] == '-';
  const qv_fcidump_word bare = {word.text + sign, word.length - sign};
  const bool named =
      bare.length >= 3 && (strncasecmp(bare.text, "nan", 3) == 0 || strncasecmp(bare.text, "inf", 3) == 0);
  if (word.text[0] == '(') {
    return qv_fcidump_fail(r->cursor, r->line, "the value '%s' is complex: only real orbitals can be used here",
                           qv_fcidump_show(word, shown));
  }
  if (!named && !to_c_number(word, number, sizeof number)) {
    return qv_fcidump_fail(r->cursor, r->line, "'%s' is not a number: a line is 'value i j k l'",
                           qv_fcidump_show(word, shown));
  }
  *value = named ? NAN : strtod(number, NULL);
  if (!isfinite(*value)) {
    return qv_fcidump_fail(r->cursor, r->line, "the value %s is not finite: the program that wrote the file failed",
                           qv_fcidump_show(word, shown));
  }
  return QV_OK;
}

/* The four indices; fails unless they are one of i j k l, i j 0 0, i 0 0 0, 0 0 0 0, within the header's NORB. */
static qv_code read_indices(reader *r, const qv_fcidump_word words[4], int index[4])
{
  char shown[40];
  for (int i = 0; i < 4; i++) {
    if (!qv_fcidump_integer(words[i], &index[i]) || index[i] < 0) {
      return qv_fcidump_fail(r->cursor, r->line, "'%s' is not an orbital number: a line is 'value i j k l'",
                             qv_fcidump_show(words[i], shown));
    }
    if (index[i] > r->top) {
      return qv_fcidump_fail(r->cursor, r->line,
                             "orbital %d is beyond NORB = %d: correct NORB in line %d, or write the file again",
                             index[i], r->top, r->header->key[QV_FCIDUMP_NORB].line);
    }
  }
  r->kind = 0;
  while (r->kind < 4 && index[r->kind] > 0) {
    r->kind++;
  }
  bool good = r->kind != 3;
  for (int i = r->kind; i < 4; i++) {
    good = good && index[i] == 0;
  }
  if (!good) {
    return qv_fcidump_fail(r->cursor, r->line,
                           "the indices %d %d %d %d mean nothing: use i j k l, i j 0 0, i 0 0 0 or 0 0 0 0", index[0],
                           index[1], index[2], index[3]);
  }
  return QV_OK;
}

static qv_code put(const reader *r, double *slot, double value, const int index[4])
{
  if (isnan(*slot)) {
    *slot = value;
  } else if (fabs(*slot - value) > SAME_VALUE) {
    return qv_fcidump_fail(r->cursor, r->line,
                           "the value %.12g of %d %d %d %d contradicts %.12g, given above for the "
                           "same integral: write the file again",
                           value, index[0], index[1], index[2], index[3], *slot);
  }
  return QV_OK;
}

/* The spin of an index pair, from the numbers or from the block. */
static qv_code spin_of_pair(const reader *r, int electron, int i, int j, int *spin)
{
  *spin = 0;
  if (r->layout == LAYOUT_BLOCKS) {
    *spin = r->block == 1 || r->block == 4 || (r->block == 2 && electron == 1);
  } else if (r->layout == LAYOUT_SPIN_ORBITALS) {
    if (i % 2 != j % 2) {
      return qv_fcidump_fail(
          r->cursor, r->line,
          "the pair %d %d joins alpha (odd) and beta (even): one '0 0 0 0' line means spin orbitals, "
          "six mean blocks of spatial ones; is the file truncated?",
          i, j);
    }
    *spin = i % 2 == 0;
  }
  return QV_OK;
}

static int orbital(const reader *r, int index)
{
  return r->layout == LAYOUT_SPIN_ORBITALS ? (index - 1) / 2 : index - 1;
}

static qv_code put_integral(reader *r, double value, const int index[4])
{
  int spin[2] = {0, 0}, p[4] = {0, 0, 0, 0};
  const bool in_blocks = r->layout == LAYOUT_BLOCKS;
  if (in_blocks && (r->kind == 4 ? r->block > 2 : r->block < 3 || r->block > 4)) {
    return qv_fcidump_fail(r->cursor, r->line,
                           "a %s-electron integral stands in block %d of 6: the order is (aa|aa), (bb|bb), (aa|bb), "
                           "h alpha, h beta, core",
                           r->kind == 4 ? "two" : "one", r->block + 1);
  }
  for (int e = 0; 2 * e < r->kind; e++) {
    QV_TRY(spin_of_pair(r, e, index[2 * e], index[2 * e + 1], &spin[e]));
  }
  for (int i = 0; i < r->kind; i++) {
    p[i] = orbital(r, index[i]);
    r->seen[spin[i / 2]] |= (uint64_t)1 << p[i];
  }
  r->integrals++;
  if (r->kind == 4) {
    return put(r, qv_fcidump_two_slot(r->dump, spin[0], spin[1], p[0], p[1], p[2], p[3]), value, index);
  }
  const int low = p[0] < p[1] ? p[0] : p[1], high = p[0] < p[1] ? p[1] : p[0];
  return put(r, &r->dump->h[spin[0]][high * r->dump->norb + low], value, index);
}

static qv_code put_energy(const reader *r, double value, const int index[4])
{
  const bool beta = r->layout == LAYOUT_SPIN_ORBITALS ? index[0] % 2 == 0 : r->block == 4;
  return beta ? QV_OK : put(r, &r->dump->orbital_energy[orbital(r, index[0])], value, index);
}

static qv_code put_core(reader *r, double value)
{
  if (r->layout == LAYOUT_BLOCKS && r->block < 5) {
    if (value != 0.0) {
      return qv_fcidump_fail(r->cursor, r->line,
                             "the line that ends block %d of 6 holds %.12g instead of 0: is a block "
                             "missing?",
                             r->block + 1, value);
    }
    r->block++;
    return QV_OK;
  }
  if (r->has_core && fabs(r->dump->core - value) > SAME_VALUE) {
    return qv_fcidump_fail(r->cursor, r->line,
                           "a second core energy, %.12g after %.12g: remove one (an unrestricted file needs IUHF=1 or "
                           "UHF=.TRUE. in its header)",
                           value, r->dump->core);
  }
  r->dump->core = r->has_core ? r->dump->core : value;
  r->has_core = true;
  return QV_OK;
}

static bool ends_without_newline(const qv_fcidump_cursor *cursor)
{
  return cursor->at == cursor->length && cursor->text[cursor->length - 1] != '\n';
}

static qv_code cut_line(const reader *r)
{
  return qv_fcidump_fail(r->cursor, r->line, "the last line is cut: the file is truncated, write it again");
}

static qv_code read_integrals(reader *r)
{
  qv_fcidump_word words[5];
  double value = 0;
  int index[4], count = 0;
  r->line = r->header->line;
  while ((count = qv_fcidump_next_line(r->cursor, words, 5, &r->line)) > 0) {
    if (count < 5 && ends_without_newline(r->cursor)) {
      return cut_line(r);
    }
    if (count != 5) {
      return qv_fcidump_fail(r->cursor, r->line, "a line is 'value i j k l', this one has %d word%s: remove or mend it",
                             count, count == 1 ? "" : "s");
    }
    QV_TRY(read_value(r, words[0], &value));
    QV_TRY(read_indices(r, words + 1, index));
    if (r->kind >= 2) {
      QV_TRY(put_integral(r, value, index));
    } else {
      QV_TRY(r->kind == 1 ? put_energy(r, value, index) : put_core(r, value));
    }
    if (r->kind > 0 && ends_without_newline(r->cursor)) {
      return cut_line(r); /* its last index may have lost a digit */
    }
  }
  return QV_OK;
}

/* Lines whose four indices are all zero, from the cursor on. */
static int zero_lines(qv_fcidump_cursor cursor)
{
  qv_fcidump_word words[5];
  int line = 0, found = 0, count = 0;
  while ((count = qv_fcidump_next_line(&cursor, words, 5, &line)) > 0) {
    bool zero = count == 5;
    for (int i = 1; i < 5 && zero; i++) {
      int value = 1;
      zero = qv_fcidump_integer(words[i], &value) && value == 0;
    }
    found += zero;
  }
  return found;
}

static qv_code find_layout(reader *r)
{
  const int uhf = r->header->key[QV_FCIDUMP_UHF].value || r->header->key[QV_FCIDUMP_IUHF].value;
  const int zeros = uhf ? zero_lines(*r->cursor) : 0;
  r->layout = !uhf ? LAYOUT_RESTRICTED : zeros == 6 ? LAYOUT_BLOCKS : LAYOUT_SPIN_ORBITALS;
  if (uhf && zeros != 1 && zeros != 6) {
    return qv_fcidump_fail(r->cursor, r->header->line,
                           "an unrestricted file has one '0 0 0 0' line (spin orbitals) or six (blocks), this one has "
                           "%d: it is truncated or damaged, write it again",
                           zeros);
  }
  return QV_OK;
}

static qv_code check_orbitals(const reader *r, int *norb)
{
  const qv_fcidump_header *h = r->header;
  const int given = h->key[QV_FCIDUMP_NORB].value, line = h->key[QV_FCIDUMP_NORB].line;
  const int per = r->layout == LAYOUT_SPIN_ORBITALS ? 2 : 1;
  if (h->key[QV_FCIDUMP_NORB].count == 0) {
    return qv_fcidump_fail(r->cursor, line > 0 ? line : h->line, "NORB is missing: add NORB=<number of orbitals>");
  }
  if (given < 1 || given > per * QV_FCIDUMP_ORBITALS) {
    return qv_fcidump_fail(r->cursor, line, "NORB = %d is not in 1..%d: correct it, or write a smaller active space",
                           given, per * QV_FCIDUMP_ORBITALS);
  }
  if (given % per != 0) {
    return qv_fcidump_fail(r->cursor, line, "NORB = %d is odd, but in this file it counts spin orbitals: correct it",
                           given);
  }
  *norb = given / per;
  if (h->key[QV_FCIDUMP_ORBSYM].line > 0 && h->key[QV_FCIDUMP_ORBSYM].count != given) {
    return qv_fcidump_fail(r->cursor, h->key[QV_FCIDUMP_ORBSYM].line,
                           "ORBSYM has %d entries for NORB = %d: give one irrep per orbital",
                           h->key[QV_FCIDUMP_ORBSYM].count, given);
  }
  return QV_OK;
}

static qv_code check_electrons(const reader *r, int norb)
{
  const qv_fcidump_header *h = r->header;
  const int nelec = h->key[QV_FCIDUMP_NELEC].value, line = h->key[QV_FCIDUMP_NELEC].line;
  const int ms2 = h->key[QV_FCIDUMP_MS2].value, ms2_line = h->key[QV_FCIDUMP_MS2].line;
  const int most = nelec < 2 * norb - nelec ? nelec : 2 * norb - nelec;
  if (h->key[QV_FCIDUMP_NELEC].count == 0) {
    return qv_fcidump_fail(r->cursor, line > 0 ? line : h->line, "NELEC is missing: add NELEC=<number of electrons>");
  }
  if (nelec < 0 || nelec > 2 * norb) {
    return qv_fcidump_fail(r->cursor, line, "NELEC = %d does not fit into %d orbitals (0..%d): correct NELEC or NORB",
                           nelec, norb, 2 * norb);
  }
  if ((nelec - ms2) % 2 != 0) {
    return qv_fcidump_fail(r->cursor, ms2_line > 0 ? ms2_line : line,
                           "MS2 = %d and NELEC = %d: both must be even or both odd (MS2 is N_alpha - N_beta)", ms2,
                           nelec);
  }
  if (abs(ms2) > most) {
    return qv_fcidump_fail(r->cursor, ms2_line, "MS2 = %d is not in %d..%d for %d electrons in %d orbitals: correct it",
                           ms2, -most, most, nelec, norb);
  }
  return QV_OK;
}

/* Irreps from 1 to 8, one per spatial orbital; without symmetry all are 1. */
static qv_code take_symmetry(reader *r)
{
  const qv_fcidump_header *h = r->header;
  qv_fcidump *dump = r->dump;
  const int per = r->layout == LAYOUT_SPIN_ORBITALS ? 2 : 1;
  const int given = h->key[QV_FCIDUMP_ORBSYM].count;
  bool labelled = false, paired = true;
  for (int i = 0; i < given; i++) {
    labelled = labelled || h->orbsym[i] != 0;
  }
  for (int i = 0; i < given && labelled; i++) {
    if (h->orbsym[i] < 1 || h->orbsym[i] > 8) {
      return qv_fcidump_fail(r->cursor, h->key[QV_FCIDUMP_ORBSYM].line,
                             "ORBSYM holds %d, but irreps are numbered 1 to 8: use D2h or a subgroup, or set all to 1",
                             h->orbsym[i]);
    }
    paired = paired && h->orbsym[i] == h->orbsym[i - i % per];
  }
  const bool use = labelled && paired;
  for (int p = 0; p < dump->norb; p++) {
    dump->orbsym[p] = use ? h->orbsym[p * per] : 1;
  }
  dump->isym = use || given == 0 ? h->key[QV_FCIDUMP_ISYM].value : 1;
  return QV_OK;
}

static void set_all(double *values, size_t count, double value)
{
  for (size_t i = 0; i < count; i++) {
    values[i] = value;
  }
}

static void nan_to_zero(double *values, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    values[i] = isnan(values[i]) ? 0.0 : values[i];
  }
}

/* Every slot is NaN until the file gives it: so a second value is noticed. */
static void mark_unset(qv_fcidump *dump)
{
  const qv_fcidump_sizes size = qv_fcidump_array_sizes(dump->norb, dump->unrestricted);
  for (int s = 0; s < size.nh; s++) {
    set_all(dump->h[s], size.one, NAN);
  }
  for (int s = 0; s < size.neri; s++) {
    set_all(dump->eri[s], size.two[s], NAN);
  }
  set_all(dump->orbital_energy, (size_t)dump->norb, NAN);
}

/* Integrals that the file leaves out are zero; one-electron integrals get their mirror images. */
static void settle(qv_fcidump *dump)
{
  const qv_fcidump_sizes size = qv_fcidump_array_sizes(dump->norb, dump->unrestricted);
  bool energies = false, all = true;
  for (int s = 0; s < size.nh; s++) {
    nan_to_zero(dump->h[s], size.one);
    for (int i = 0; i < dump->norb; i++) {
      for (int j = 0; j < i; j++) {
        dump->h[s][j * dump->norb + i] = dump->h[s][i * dump->norb + j];
      }
    }
  }
  for (int s = 0; s < size.neri; s++) {
    nan_to_zero(dump->eri[s], size.two[s]);
  }
  for (int i = 0; i < dump->norb; i++) {
    all = all && !isnan(dump->orbital_energy[i]);
    energies = energies || dump->orbital_energy[i] != 0.0;
  }
  if (!all || !energies) { /* OpenMolcas writes zeros where it has none */
    qv_free(&dump->orbital_energy);
  }
}

static qv_code check_complete(const reader *r)
{
  static const char *const spins[2][2] = {{"", ""}, {" (alpha)", " (beta)"}};
  if (r->integrals == 0) {
    return qv_fcidump_fail(r->cursor, r->line, "there are no integrals: the file is truncated, write it again");
  }
  if (!r->has_core) {
    return qv_fcidump_fail(r->cursor, r->line,
                           "the file ends without a core energy ('value 0 0 0 0'): it is "
                           "truncated, write it again");
  }
  for (int s = 0; s < (r->dump->unrestricted ? 2 : 1); s++) {
    for (int p = 0; p < r->dump->norb; p++) {
      if (!(r->seen[s] >> p & 1)) {
        return qv_fcidump_fail(r->cursor, r->header->key[QV_FCIDUMP_NORB].line,
                               "orbital %d%s is in no integral: NORB is too large, or the file is incomplete",
                               r->layout == LAYOUT_SPIN_ORBITALS ? 2 * p + s + 1 : p + 1,
                               spins[r->layout == LAYOUT_BLOCKS][s]);
      }
    }
  }
  return QV_OK;
}

static qv_code fill(reader *r)
{
  mark_unset(r->dump);
  QV_TRY(take_symmetry(r));
  r->dump->nelec = r->header->key[QV_FCIDUMP_NELEC].value;
  r->dump->ms2 = r->header->key[QV_FCIDUMP_MS2].value;
  QV_TRY(read_integrals(r));
  QV_TRY(check_complete(r));
  settle(r->dump);
  return QV_OK;
}

qv_code qv_fcidump_parse(const char *name, const char *text, size_t length, qv_fcidump **out)
{
  qv_fcidump_cursor cursor = {.name = name, .text = text, .length = length, .line = 1};
  qv_fcidump_header header;
  reader r = {.cursor = &cursor, .header = &header};
  int norb = 0;
  *out = NULL;
  QV_TRY(qv_fcidump_read_header(&cursor, &header));
  QV_TRY(find_layout(&r));
  QV_TRY(check_orbitals(&r, &norb));
  QV_TRY(check_electrons(&r, norb));
  r.top = header.key[QV_FCIDUMP_NORB].value;
  QV_TRY(qv_fcidump_allocate(norb, r.layout != LAYOUT_RESTRICTED, true, &r.dump));
  const qv_code code = fill(&r);
  if (code != QV_OK) {
    qv_fcidump_destroy(&r.dump);
  }
  *out = r.dump;
  return code;
}
