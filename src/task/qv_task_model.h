/* The section `model` of decks: an optimisation problem in binary variables, shared by the tasks that solve one. */
#ifndef QV_TASK_MODEL_H
#define QV_TASK_MODEL_H

#include "io/qv_archive.h"
#include "io/qv_deck.h"
#include "io/qv_result.h"
#include "problem/qv_binary.h"

extern const qv_key qv_keys_model[]; /* model.* */

/* Builds the problem that the deck describes. Fails with QV_ERR_DECK where the keys do not go together, QV_ERR_INPUT
 * where a file is at fault. Collective. The caller destroys *out. */
qv_code qv_task_model(const qv_comm *comm, const qv_deck *deck, qv_binary **out);

/* Adds the answer that `list` holds to the result: the objective as headline, its feasibility, the words and the bits;
 * and all of the list to the archive as solutions/... `archive` may be NULL. Collective. */
qv_code qv_task_answer(const qv_binary *problem, const qv_solutions *list, qv_archive *archive, qv_result *result);

#endif
