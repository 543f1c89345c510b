#include "io/qv_fcidump.h"

#include "base/qv_memory.h"
#include "io/qv_fcidump_text.h"
#include "io/qv_text.h"

static size_t pair_count(int norb)
{
  return (size_t)norb * (size_t)(norb + 1) / 2;
}

static size_t pair_index(size_t i, size_t j)
{
  return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i;
}

double *qv_fcidump_two_slot(const qv_fcidump *dump, int s, int t, int i, int j, int k, int l)
{
  const size_t ij = pair_index((size_t)i, (size_t)j), kl = pair_index((size_t)k, (size_t)l);
  if (dump->unrestricted && s != t) {
    const size_t alpha = s == 0 ? ij : kl, beta = s == 0 ? kl : ij;
    return &dump->eri[2][alpha * pair_count(dump->norb) + beta];
  }
  return &dump->eri[s][pair_index(ij, kl)];
}

double qv_fcidump_one(const qv_fcidump *dump, int spin, int i, int j)
{
  return dump->h[spin][i * dump->norb + j];
}

double qv_fcidump_two(const qv_fcidump *dump, int s, int t, int i, int j, int k, int l)
{
  return *qv_fcidump_two_slot(dump, s, t, i, j, k, l);
}

qv_fcidump_sizes qv_fcidump_array_sizes(int norb, bool unrestricted)
{
  const size_t one = (size_t)norb * (size_t)norb, pairs = pair_count(norb), packed = pairs * (pairs + 1) / 2;
  if (unrestricted) {
    return (qv_fcidump_sizes){.one = one, .two = {packed, packed, pairs * pairs}, .nh = 2, .neri = 3};
  }
  return (qv_fcidump_sizes){.one = one, .two = {packed, 0, 0}, .nh = 1, .neri = 1};
}

static qv_code allocate_arrays(qv_fcidump *dump, bool energies)
{
  const qv_fcidump_sizes sizes = qv_fcidump_array_sizes(dump->norb, dump->unrestricted);
  const size_t norb = (size_t)dump->norb;
  for (int s = 0; s < sizes.nh; s++) {
    QV_TRY(qv_alloc(QV_MEM_PROBLEM, sizes.one, sizeof(double), &dump->h[s]));
  }
  for (int s = 0; s < sizes.neri; s++) {
    QV_TRY(qv_alloc(QV_MEM_PROBLEM, sizes.two[s], sizeof(double), &dump->eri[s]));
  }
  if (!dump->unrestricted) { /* all spins share the first arrays */
    dump->h[1] = dump->h[0];
    dump->eri[1] = dump->eri[0];
    dump->eri[2] = dump->eri[0];
  }
  if (energies) {
    QV_TRY(qv_alloc(QV_MEM_PROBLEM, norb, sizeof(double), &dump->orbital_energy));
  }
  return qv_alloc(QV_MEM_PROBLEM, norb, sizeof(int), &dump->orbsym);
}

qv_code qv_fcidump_allocate(int norb, bool unrestricted, bool energies, qv_fcidump **out)
{
  qv_fcidump *dump = NULL;
  *out = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *dump, &dump));
  dump->norb = norb;
  dump->unrestricted = unrestricted;
  const qv_code code = allocate_arrays(dump, energies);
  if (code != QV_OK) {
    qv_fcidump_destroy(&dump);
  }
  *out = dump;
  return code;
}

void qv_fcidump_destroy(qv_fcidump **dump)
{
  if (!*dump) {
    return;
  }
  if (!(*dump)->unrestricted) { /* shared, to be freed once */
    (*dump)->h[1] = NULL;
    (*dump)->eri[1] = NULL;
    (*dump)->eri[2] = NULL;
  }
  for (int s = 0; s < 2; s++) {
    qv_free(&(*dump)->h[s]);
  }
  for (int s = 0; s < 3; s++) {
    qv_free(&(*dump)->eri[s]);
  }
  qv_free(&(*dump)->orbital_energy);
  qv_free(&(*dump)->orbsym);
  qv_free(dump);
}

/* Only rank 0 holds the text, which may be much longer than the integrals. */
static qv_code read_file(const char *path, qv_fcidump **out)
{
  char *text = NULL;
  size_t length = 0;
  QV_TRY(qv_text_load(qv_comm_self(), path, &text, &length));
  const qv_code code = qv_fcidump_parse(path, text, length, out);
  qv_free(&text);
  return code;
}

/* Gives every rank rank 0's dump. */
static qv_code share(const qv_comm *comm, qv_fcidump **dump)
{
  qv_fcidump head = {0};
  const bool owner = qv_comm_rank(comm) == 0;
  bool energies = false;
  if (owner) {
    head = **dump;
    energies = head.orbital_energy != NULL;
  }
  qv_comm_broadcast(comm, &head, sizeof head, 0);
  qv_comm_broadcast(comm, &energies, sizeof energies, 0);
  const qv_code mine = owner ? QV_OK : qv_fcidump_allocate(head.norb, head.unrestricted, energies, dump);
  const qv_code code = qv_agree(comm, mine);
  if (code != QV_OK) {
    qv_fcidump_destroy(dump);
    return code;
  }
  qv_fcidump *d = *dump;
  const qv_fcidump_sizes sizes = qv_fcidump_array_sizes(d->norb, d->unrestricted);
  d->nelec = head.nelec;
  d->ms2 = head.ms2;
  d->isym = head.isym;
  d->core = head.core;
  qv_comm_broadcast(comm, d->orbsym, (size_t)d->norb * sizeof(int), 0);
  for (int s = 0; s < sizes.nh; s++) {
    qv_comm_broadcast(comm, d->h[s], sizes.one * sizeof(double), 0);
  }
  for (int s = 0; s < sizes.neri; s++) {
    qv_comm_broadcast(comm, d->eri[s], sizes.two[s] * sizeof(double), 0);
  }
  if (energies) {
    qv_comm_broadcast(comm, d->orbital_energy, (size_t)d->norb * sizeof(double), 0);
  }
  return QV_OK;
}

qv_code qv_fcidump_read(const qv_comm *comm, const char *path, qv_fcidump **out)
{
  *out = NULL;
  QV_TRY(qv_comm_verdict(comm, 0, qv_comm_rank(comm) == 0 ? read_file(path, out) : QV_OK));
  return share(comm, out);
}
