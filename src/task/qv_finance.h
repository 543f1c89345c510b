/* Markets, contracts and sampling as the deck describes them: what the tasks of finance share. */
#ifndef QV_FINANCE_H
#define QV_FINANCE_H

#include "io/qv_deck.h"
#include "problem/qv_american.h"
#include "problem/qv_pricer.h"

extern const qv_key qv_keys_market[];   /* market.* */
extern const qv_key qv_keys_contract[]; /* contract.* */
extern const qv_key qv_keys_sampling[]; /* sampling.*, report */
extern const qv_key qv_keys_grid[];     /* grid.* */
extern const qv_key qv_keys_credit[];   /* credit.* */
extern const qv_key qv_keys_estimate[]; /* estimate.*, convergence.* */
extern const qv_key qv_keys_quantity[]; /* estimate.quantity */

/* Records the failure at hand, whose text begins with the key it is about ("market.spot: ..."), again in the shape of
 * the deck's own messages, at the place of that key, with the code QV_ERR_DECK; where it names no key of the deck, at
 * the place of `fallback`. Passes QV_OK and failures other than QV_ERR_INPUT on. Local. */
qv_code qv_finance_place(const qv_deck *deck, const char *fallback, qv_code code);

/* The market and the contract of the deck, checked. Fail with QV_ERR_DECK, and with QV_ERR_INPUT for a damaged surface.
 * Local. The caller destroys them. */
qv_code qv_finance_market(const qv_deck *deck, qv_market **out);
qv_code qv_finance_contract(const qv_deck *deck, const qv_market *market, qv_contract **out);

/* How to simulate them. Local. */
qv_pricer_opts qv_finance_pricer(const qv_deck *deck);
qv_american_opts qv_finance_american(const qv_deck *deck);

#endif
