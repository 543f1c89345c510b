/* FCIDUMP files as the programs write them. Every file of the reference set gives its published Hartree-Fock energy, on
 * every rank, and samples of the dialects give the integrals of the molecule they were made from. */
#include "base/qv_memory.h"
#include "io/qv_fcidump.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#define DATA QV_DATA_DIR "/chemistry/"

static qv_fcidump *parse(const char *name, const char *text)
{
  qv_fcidump *dump = NULL;
  if (qv_fcidump_parse(name, text, strlen(text), &dump) != QV_OK) {
    fail_msg("%s", qv_error_text());
  }
  return dump;
}

static qv_fcidump *read_file(const char *path)
{
  qv_fcidump *dump = NULL;
  if (qv_fcidump_read(qv_comm_world(), path, &dump) != QV_OK) {
    fail_msg("%s", qv_error_text());
  }
  return dump;
}

/* Energy of one determinant: occupied orbitals of alpha and beta as bit masks (Szabo and Ostlund, eq. 2.184). */
static double determinant_energy(const qv_fcidump *d, const uint64_t occupied[2])
{
  double energy = d->core;
  for (int s = 0; s < 2; s++) {
    for (int i = 0; i < d->norb; i++) {
      if (!(occupied[s] >> i & 1)) {
        continue;
      }
      energy += qv_fcidump_one(d, s, i, i);
      for (int t = 0; t < 2; t++) {
        for (int j = 0; j < d->norb; j++) {
          if (occupied[t] >> j & 1) {
            energy += 0.5 * qv_fcidump_two(d, s, t, i, i, j, j);
            energy -= s == t ? 0.5 * qv_fcidump_two(d, s, t, i, j, j, i) : 0.0;
          }
        }
      }
    }
  }
  return energy;
}

static uint64_t mask_of(const cJSON *orbitals)
{
  uint64_t mask = 0;
  const cJSON *p;
  cJSON_ArrayForEach(p, orbitals)
  {
    mask |= (uint64_t)1 << (p->valueint - 1);
  }
  return mask;
}

static char *contents(const char *path)
{
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  char *text = calloc((size_t)size + 1, 1);
  assert_non_null(text);
  assert_int_equal(fread(text, 1, (size_t)size, file), size);
  fclose(file);
  return text;
}

static void check_case(const cJSON *molecule)
{
  char path[512];
  const bool uhf = strcmp(cJSON_GetObjectItem(molecule, "reference")->valuestring, "uhf") == 0;
  const double e_hf = cJSON_GetObjectItem(molecule, "e_hf")->valuedouble;
  snprintf(path, sizeof path, DATA "%s", cJSON_GetObjectItem(molecule, "file")->valuestring);
  qv_fcidump *dump = read_file(path);
  const uint64_t doubly = mask_of(cJSON_GetObjectItem(molecule, "hf_docc"));
  const uint64_t occupied[2] = {doubly | mask_of(cJSON_GetObjectItem(molecule, "hf_socc")), doubly};
  assert_int_equal(dump->norb * (uhf ? 2 : 1), cJSON_GetObjectItem(molecule, "norb")->valueint);
  assert_int_equal(dump->nelec, cJSON_GetObjectItem(molecule, "nelec")->valueint);
  assert_int_equal(dump->ms2, cJSON_GetObjectItem(molecule, "ms2")->valueint);
  assert_int_equal(dump->unrestricted, uhf);
  assert_true(fabs(dump->core - cJSON_GetObjectItem(molecule, "e_core")->valuedouble) < 1e-12);
  const double difference = determinant_energy(dump, occupied) - e_hf;
  if (!(fabs(difference) < 1e-9)) {
    fail_msg("%s: the Hartree-Fock energy is off by %g", path, difference);
  }
  qv_fcidump_destroy(&dump);
}

static void published_hartree_fock_energies_come_back(void **state)
{
  (void)state;
  char *text = contents(DATA "manifest.json");
  cJSON *manifest = cJSON_Parse(text);
  assert_non_null(manifest);
  const cJSON *cases = cJSON_GetObjectItem(manifest, "cases"), *molecule;
  assert_int_equal(cJSON_GetArraySize(cases), 47);
  cJSON_ArrayForEach(molecule, cases)
  {
    check_case(molecule);
  }
  cJSON_Delete(manifest);
  free(text);
  assert_int_equal(qv_memory_balance(), 0);
}

static void symmetry_labels_are_kept(void **state)
{
  (void)state;
  static const int irreps[10] = {1, 1, 1, 6, 7, 5, 5, 5, 3, 2};
  qv_fcidump *dump = read_file(DATA "fcidump/n2_sto3g_r1.0977_sym.fcidump");
  assert_memory_equal(dump->orbsym, irreps, sizeof irreps);
  assert_int_equal(dump->isym, 1);
  qv_fcidump_destroy(&dump);
}

/* OpenMolcas writes ISYM=0 and, where it has no orbital energies, a zero for each. */
static void openmolcas_files_are_read(void **state)
{
  (void)state;
  qv_fcidump *dump = read_file(DATA "fcidump_foreign/ms_h2_anorccmb.fcidump");
  assert_int_equal(dump->norb, 2);
  assert_int_equal(dump->isym, 0);
  assert_null(dump->orbital_energy);
  assert_true(dump->core == 0.71510433906);
  assert_true(qv_fcidump_one(dump, 1, 1, 1) == -0.52751160572);
  assert_true(qv_fcidump_two(dump, 0, 1, 0, 0, 1, 1) == 0.60486756354);
  assert_true(qv_fcidump_two(dump, 0, 0, 0, 1, 0, 1) == 0.15821110448);
  qv_fcidump_destroy(&dump);
  dump = read_file(DATA "fcidump_foreign/ms_h2o_ccpvdz.fcidump");
  assert_int_equal(dump->norb, 9);
  assert_int_equal(dump->nelec, 10);
  assert_true(qv_fcidump_one(dump, 0, 3, 0) == -0.18505807824 && qv_fcidump_one(dump, 0, 0, 3) == -0.18505807824);
  assert_null(dump->orbital_energy);
  qv_fcidump_destroy(&dump);
}

#define H2_INTEGRALS                                                                                                   \
  " 0.67448876629  1 1 1 1\n 0.66346809636  2 2 1 1\n 0.18128880823  2 1 2 1\n 0.69739376736  2 2 2 2\n"               \
  "-1.25246357335  1 1 0 0\n-0.47594871544  2 2 0 0\n"
#define H2_CORE " 0.71375399335  0 0 0 0\n"

/* Each is the hydrogen molecule of fcidump/h2_sto3g_r0.7414.fcidump in the manner of one program or one Fortran
 * compiler. */
static const struct {
  const char *manner, *text;
} dialects[] = {
    {"PySCF", " &FCI NORB=   2,NELEC= 2,MS2=0,\n  ORBSYM=1,1,\n  ISYM=1,\n &END\n" H2_INTEGRALS H2_CORE},
    {"Molpro: slash, keys that only it knows, labels over several lines",
     " &FCI NORB=2,NELEC=2,MS2=0,\n  ORBSYM=1,\n  1,\n  ISYM=1,UHF=.FALSE.,NPROP= 1 1 1,PROPBITLEN=64,\n "
     "/\n" H2_INTEGRALS H2_CORE},
    {"one line, slash glued to the last value", "&FCI NORB=2 NELEC=2 MS2=0 ORBSYM=2*1 ISYM=1/\n" H2_INTEGRALS H2_CORE},
    {"dollar, lower case, blanks around the equals sign",
     "$fci norb = 2, nelec = 2, ms2 = 0, orbsym = 1 1, isym = 1, iuhf = 0\n$end\n" H2_INTEGRALS H2_CORE},
    {"a mark of Windows editors, Windows line ends, tabs, blank lines",
     "\xef\xbb\xbf&FCI NORB=2,NELEC=2,MS2=0,\r\nORBSYM=1,1,\r\nISYM=1,\r\n&END\r\n\r\n0.67448876629\t1\t1\t1\t1\r\n"
     "0.66346809636 2 2 1 1\r\n0.18128880823 2 1 2 1\r\n0.69739376736 2 2 2 2\r\n-1.25246357335 1 1 0 0\r\n"
     "-0.47594871544 2 2 0 0\r\n0.71375399335 0 0 0 0\r\n\r\n"},
    {"core energy first, the least header, no labels", "&FCI NORB=2,NELEC=2 &END\n" H2_CORE H2_INTEGRALS},
    {"core energy in the middle and a last line without an end",
     "&FCI NORB=2,NELEC=2 &END\n-1.25246357335 1 1 0 0\n" H2_CORE H2_INTEGRALS "0.71375399335 0 0 0 0"},
    {"all members of a symmetric pair, rounded differently",
     "&FCI NORB=2,NELEC=2,MS2=0,ORBSYM=0,0,&END\n" H2_INTEGRALS
     "0.663468096364 1 1 2 2\n0.181288808231 1 2 2 1\n0.181288808230 1 2 1 2\n0.181288808229 2 1 1 2\n" H2_CORE},
    {"Fortran's exponents, commas between the columns",
     "&FCI NORB=2,NELEC=2,MS2=0,&END\n .67448876629D+00 1 1 1 1\n6.6346809636d-1,2,2,1,1\n1.8128880823E-01 2 1 2 1\n"
     "0.69739376736q0 2 2 2 2\n-125246.357335e-5 1 1 0 0\n-4.7594871544-001 2 2 0 0\n+7.1375399335-1 0 0 0 0\n"},
};

static void every_dialect_gives_the_same_molecule(void **state)
{
  (void)state;
  static const uint64_t occupied[2] = {1, 1};
  for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
    qv_fcidump *dump = parse(dialects[i].manner, dialects[i].text);
    assert_int_equal(dump->norb, 2);
    assert_int_equal(dump->nelec, 2);
    assert_int_equal(dump->ms2, 0);
    assert_int_equal(dump->isym, 1);
    assert_false(dump->unrestricted);
    assert_int_equal(dump->orbsym[0], 1);
    assert_int_equal(dump->orbsym[1], 1);
    assert_true(fabs(determinant_energy(dump, occupied) + 1.1166843870661929) < 1e-9);
    assert_true(fabs(qv_fcidump_two(dump, 0, 1, 1, 0, 0, 1) - 0.18128880823) < 1e-15);
    qv_fcidump_destroy(&dump);
  }
  assert_int_equal(qv_memory_balance(), 0);
}

static void orbital_energies_are_kept_if_all_are_there(void **state)
{
  (void)state;
  qv_fcidump *dump =
      parse("sample", "&FCI NORB=2,NELEC=2,MS2=0 /\n" H2_INTEGRALS "-0.578 1 0 0 0\n0.671 2 0 0 0\n" H2_CORE);
  assert_true(dump->orbital_energy && dump->orbital_energy[0] == -0.578 && dump->orbital_energy[1] == 0.671);
  qv_fcidump_destroy(&dump);
  dump = parse("sample", "&FCI NORB=2,NELEC=2,MS2=0 /\n" H2_INTEGRALS "-0.578 1 0 0 0\n" H2_CORE);
  assert_null(dump->orbital_energy);
  qv_fcidump_destroy(&dump);
}

static size_t write_two(char *out, size_t size, const qv_fcidump *d, int s, int t)
{
  size_t n = 0;
  for (int i = 0; i < d->norb; i++) {
    for (int j = 0; j <= i; j++) {
      for (int k = 0; k < d->norb; k++) {
        for (int l = 0; l <= k; l++) {
          const double value = qv_fcidump_two(d, s, t, i, j, k, l);
          if (value != 0.0) {
            n += (size_t)snprintf(out + n, size - n, "%23.16E %3d %3d %3d %3d\n", value, i + 1, j + 1, k + 1, l + 1);
          }
        }
      }
    }
  }
  return n + (size_t)snprintf(out + n, size - n, "0.0 0 0 0 0\n");
}

static size_t write_one(char *out, size_t size, const qv_fcidump *d, int s)
{
  size_t n = 0;
  for (int i = 0; i < d->norb; i++) {
    for (int j = 0; j <= i; j++) {
      n += (size_t)snprintf(out + n, size - n, "%23.16E %3d %3d 0 0\n", qv_fcidump_one(d, s, i, j), i + 1, j + 1);
    }
  }
  return n + (size_t)snprintf(out + n, size - n, "0.0 0 0 0 0\n");
}

/* Molpro's six blocks of spatial orbitals, made from Psi4's file of spin orbitals: the same integrals bit for bit. */
static void unrestricted_blocks_equal_spin_orbitals(void **state)
{
  (void)state;
  static const uint64_t occupied[2] = {0x1f, 0x0f};
  const size_t size = 1 << 20;
  char *text = calloc(size, 1);
  qv_fcidump *psi4 = read_file(DATA "fcidump/oh_doublet_sto3g_r0.9697_uhf.fcidump");
  assert_non_null(text);
  size_t n =
      (size_t)snprintf(text, size, " &FCI NORB= 6,NELEC= 9,MS2= 1,\n ORBSYM=1,1,1,\n 1,1,1\n ISYM=1,IUHF=1\n /\n");
  n += write_two(text + n, size - n, psi4, 0, 0);
  n += write_two(text + n, size - n, psi4, 1, 1);
  n += write_two(text + n, size - n, psi4, 0, 1);
  n += write_one(text + n, size - n, psi4, 0);
  n += write_one(text + n, size - n, psi4, 1);
  snprintf(text + n, size - n, "%.17g 0 0 0 0\n", psi4->core);
  qv_fcidump *molpro = parse("sample", text);
  free(text);
  assert_true(molpro->unrestricted && molpro->norb == 6 && molpro->ms2 == 1);
  for (int s = 0; s < 2; s++) {
    assert_memory_equal(molpro->h[s], psi4->h[s], 36 * sizeof(double));
    assert_memory_equal(molpro->eri[s], psi4->eri[s], 231 * sizeof(double));
  }
  assert_memory_equal(molpro->eri[2], psi4->eri[2], 441 * sizeof(double));
  assert_true(qv_fcidump_two(molpro, 1, 0, 5, 0, 2, 1) == qv_fcidump_two(psi4, 0, 1, 2, 1, 5, 0));
  assert_true(fabs(determinant_energy(molpro, occupied) + 74.36263751871452) < 1e-9);
  qv_fcidump_destroy(&molpro);
  qv_fcidump_destroy(&psi4);
}

/* Alpha and beta of one number may differ in symmetry: then the labels cannot be kept, and the state's falls with them.
 */
static void unpaired_labels_are_dropped(void **state)
{
  (void)state;
  const char *rest =
      "0.5 1 1 1 1\n0.5 1 1 2 2\n0.5 2 2 2 2\n-1 1 1 0 0\n-1 2 2 0 0\n-1 3 3 0 0\n-1 4 4 0 0\n0 0 0 0 0\n";
  char text[512];
  snprintf(text, sizeof text, "&FCI NORB=4,NELEC=1,MS2=1,UHF=T,ORBSYM=1,1,2,2,ISYM=2 &END\n%s", rest);
  qv_fcidump *dump = parse("sample", text);
  assert_true(dump->norb == 2 && dump->orbsym[0] == 1 && dump->orbsym[1] == 2 && dump->isym == 2);
  qv_fcidump_destroy(&dump);
  snprintf(text, sizeof text, "&FCI NORB=4,NELEC=1,MS2=1,UHF=T,ORBSYM=1,2,2,1,ISYM=2 &END\n%s", rest);
  dump = parse("sample", text);
  assert_true(dump->norb == 2 && dump->orbsym[0] == 1 && dump->orbsym[1] == 1 && dump->isym == 1);
  qv_fcidump_destroy(&dump);
}

/* Only rank 0 sees the file, but all ranks fail with its one message, which counts no ranks. */
static void failures_are_collective(void **state)
{
  (void)state;
  qv_fcidump *dump = NULL;
  assert_int_equal(qv_fcidump_read(qv_comm_world(), DATA "absent.fcidump", &dump), QV_ERR_INPUT);
  assert_null(dump);
  assert_string_equal(qv_error_text(), DATA "absent.fcidump: cannot be opened: No such file or directory");
  qv_error_clear();
  assert_int_equal(qv_fcidump_read(qv_comm_world(), DATA, &dump), QV_ERR_INPUT);
  assert_string_equal(qv_error_text(), DATA ": is not a file");
  qv_error_clear();
  assert_int_equal(qv_fcidump_read(qv_comm_world(), DATA "manifest.json", &dump), QV_ERR_INPUT);
  assert_string_equal(qv_error_text(), DATA "manifest.json:1: an FCIDUMP begins with &FCI (or $FCI), not with '{': is "
                                            "this the file?");
  qv_error_clear();
  assert_int_equal(qv_memory_balance(), 0);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_hartree_fock_energies_come_back),
      cmocka_unit_test(symmetry_labels_are_kept),
      cmocka_unit_test(openmolcas_files_are_read),
      cmocka_unit_test(every_dialect_gives_the_same_molecule),
      cmocka_unit_test(orbital_energies_are_kept_if_all_are_there),
      cmocka_unit_test(unrestricted_blocks_equal_spin_orbitals),
      cmocka_unit_test(unpaired_labels_are_dropped),
      cmocka_unit_test(failures_are_collective),
  };
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 1;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_parallel_end(0);
  return failed;
}
