#include "montecarlo/qv_solutions.h"

#include "base/qv_memory.h"

#include <math.h>
#include <string.h>

qv_code qv_solutions_init(int n, int room, qv_solutions *list)
{
  *list = (qv_solutions){.n = n, .words = (n + 63) / 64, .room = room};
  QV_REQUIRE(n >= 1 && room >= 1);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)room, sizeof(double), &list->energy));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)list->words, sizeof(uint64_t), &list->scratch));
  return qv_alloc(QV_MEM_SAMPLES, (size_t)room * (size_t)list->words, sizeof(uint64_t), &list->bits);
}

void qv_solutions_free(qv_solutions *list)
{
  qv_free(&list->energy);
  qv_free(&list->bits);
  qv_free(&list->scratch);
}

bool qv_solutions_wants(const qv_solutions *list, double energy)
{
  return list->count < list->room || energy <= list->energy[list->room - 1];
}

static int compare(const qv_solutions *list, int i, double energy, const uint64_t *bits)
{
  const uint64_t *mine = &list->bits[(size_t)i * (size_t)list->words];
  if (list->energy[i] != energy) {
    return list->energy[i] < energy ? -1 : 1;
  }
  for (int w = list->words - 1; w >= 0; w--) {
    if (mine[w] != bits[w]) {
      return mine[w] < bits[w] ? -1 : 1;
    }
  }
  return 0;
}

void qv_solutions_add(qv_solutions *list, double energy, const uint64_t *bits)
{
  const size_t words = (size_t)list->words;
  int low = 0, high = list->count;
  if (!qv_solutions_wants(list, energy)) {
    return;
  }
  while (low < high) {
    const int middle = (low + high) / 2, order = compare(list, middle, energy, bits);
    if (order == 0) {
      return;
    }
    low = order < 0 ? middle + 1 : low;
    high = order < 0 ? high : middle;
  }
  if (low == list->room) {
    return;
  }
  list->count += list->count < list->room;
  const size_t moved = (size_t)(list->count - 1 - low);
  memmove(&list->energy[low + 1], &list->energy[low], moved * sizeof(double));
  memmove(&list->bits[((size_t)low + 1) * words], &list->bits[(size_t)low * words], moved * words * sizeof(uint64_t));
  list->energy[low] = energy;
  memcpy(&list->bits[(size_t)low * words], bits, words * sizeof(uint64_t));
}

void qv_solutions_add_bytes(qv_solutions *list, double energy, const uint8_t *bytes)
{
  if (!qv_solutions_wants(list, energy)) {
    return;
  }
  memset(list->scratch, 0, sizeof(uint64_t) * (size_t)list->words);
  for (int i = 0; i < list->n; i++) {
    list->scratch[i / 64] |= (uint64_t)(bytes[i] & 1) << (i % 64);
  }
  qv_solutions_add(list, energy, list->scratch);
}

void qv_solutions_get(const qv_solutions *list, int i, uint8_t *bytes)
{
  const uint64_t *bits = &list->bits[(size_t)i * (size_t)list->words];
  for (int k = 0; k < list->n; k++) {
    bytes[k] = (uint8_t)(bits[k / 64] >> (k % 64) & 1);
  }
}

void qv_solutions_merge(qv_solutions *list, const qv_solutions *from)
{
  for (int i = 0; i < from->count; i++) {
    qv_solutions_add(list, from->energy[i], &from->bits[(size_t)i * (size_t)from->words]);
  }
}

qv_code qv_solutions_share(const qv_comm *comm, qv_solutions *list)
{
  const int size = qv_comm_size(comm);
  const size_t record = (size_t)list->words + 1, block = record * (size_t)list->room;
  uint64_t *mine = NULL, *all = NULL;
  qv_code code;
  if (size == 1) {
    return QV_OK;
  }
  code = qv_alloc(QV_MEM_SAMPLES, block, sizeof(uint64_t), &mine);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_SAMPLES, block * (size_t)size, sizeof(uint64_t), &all);
  }
  code = qv_agree(comm, code);
  if (code == QV_OK) {
    for (int i = 0; i < list->room; i++) { /* places that are not used carry an energy that never enters */
      const double energy = i < list->count ? list->energy[i] : NAN;
      memcpy(&mine[(size_t)i * record], &energy, sizeof energy);
      memcpy(&mine[(size_t)i * record + 1], &list->bits[(size_t)i * (size_t)list->words],
             sizeof(uint64_t) * (size_t)list->words);
    }
    qv_comm_gather(comm, mine, block * sizeof(uint64_t), all);
    for (size_t i = 0; i < (size_t)size * (size_t)list->room; i++) {
      double energy;
      memcpy(&energy, &all[i * record], sizeof energy);
      if (!isnan(energy)) {
        qv_solutions_add(list, energy, &all[i * record + 1]);
      }
    }
  }
  qv_free(&mine);
  qv_free(&all);
  return code;
}
