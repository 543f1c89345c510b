#include "task/qv_finance.h"

const qv_key qv_keys_grid[] = {{"grid.qubits", QV_KEY_INT, "", "5", "[1,12]", false, "0.1",
                                "Qubits for each underlying, or for each fixing of a contract on several dates"},
                               {"grid.spacing", QV_KEY_CHOICE, "", "log", "log|price", false, "0.1",
                                "log: points even in the logarithm of the price (several: in independent normal "
                                "factors); price: even in the price"},
                               {"grid.deviations", QV_KEY_REAL, "", "4", "(0,12]", false, "0.1",
                                "The grid ends so many standard deviations from the mean"},
                               {0}};

const qv_key qv_keys_credit[] = {
    {"credit.qubits", QV_KEY_INT, "", "3", "[1,12]", false, "0.1", "Qubits of the latent factor"},
    {"credit.range", QV_KEY_REAL, "", "3", "(0,12]", false, "0.1", "The latent factor lies in [-range, range]"},
    {"credit.dependence", QV_KEY_CHOICE, "", "exact", "exact|linear", false, "0.1",
     "How defaults hang on the factor; linear: the rotation angle to first order in it"},
    {"credit.loans", QV_KEY_RECORDS, "", QV_KEY_REQUIRED, "", false, "0.1", "The loans, at most 15"},
    {"credit.loans[].default_probability", QV_KEY_REAL, "", QV_KEY_REQUIRED, "", false, "0.1",
     "Probability of default over the horizon"},
    {"credit.loans[].sensitivity", QV_KEY_REAL, "", "0", "", false, "0.1",
     "Share of the latent factor in the variance of the loan's fate"},
    {"credit.loans[].loss", QV_KEY_REAL, "", QV_KEY_REQUIRED, "", false, "0.1", "Loss given default"},
    {"credit.level", QV_KEY_REAL, "", QV_KEY_UNSET, "[0,inf)", false, "0.1",
     "Estimate the probability that the loss is at most this; without it the expected loss"},
    {"credit.risk_level", QV_KEY_REAL, "", "0.95", "(0,1)", false, "0.1",
     "Level of the value at risk and expected shortfall that are reported beside the expected loss"},
    {0}};

const qv_key qv_keys_estimate[] = {
    {"estimate.method", QV_KEY_CHOICE, "", "iterative", "canonical|iterative|likelihood|bayesian", false, "0.1",
     "Phase estimation; growing powers with exact intervals; a schedule of powers; powers chosen by the posterior"},
    {"estimate.accuracy", QV_KEY_REAL, "", "0.01", "(0,0.25]", false, "0.1",
     "Half-width of the interval that is aimed at, as a share of the range of the value on the grid"},
    {"estimate.confidence", QV_KEY_REAL, "", "0.95", "[0.5,0.9999]", false, "0.1", "Of the interval"},
    {"estimate.shots", QV_KEY_COUNT, "", QV_KEY_UNSET, "[1,1000000]", false, "0.1",
     "Shots of each round; without it 100 (bayesian 20; canonical as many as make the interval narrowest)"},
    {"estimate.schedule", QV_KEY_CHOICE, "", "exponential", "exponential|linear", false, "0.1",
     "likelihood: powers 0, 1, 2, 4 and so on, or 0, 1, 2, 3 and so on"},
    {"estimate.max_calls", QV_KEY_COUNT, "", QV_KEY_UNSET, "[1,inf)", false, "0.1",
     "No further round after so many oracle calls; not canonical"},
    {"estimate.load", QV_KEY_CHOICE, "", "exact", "exact|linear", false, "0.1",
     "exact: rotation under control of the whole register, without bias; linear: comparisons and controlled rotations"},
    {"estimate.rescaling", QV_KEY_REAL, "", "0.25", "(0,1]", false, "0.1",
     "linear: how far the objective is rotated; the bias grows with its square, the cost with its inverse"},
    {"estimate.simulation", QV_KEY_CHOICE, "", "circuit", "circuit|subspace", false, "0.1",
     "circuit: every gate on the statevector; subspace: the plane that Grover iterations leave invariant, no gates"},
    {"convergence.levels", QV_KEY_INT, "", "0", "[0,12]", false, "0.1",
     "Measure error against oracle calls at so many accuracies, each half as wide as the one before; 0: not"},
    {"convergence.repetitions", QV_KEY_INT, "", "32", "[8,100000]", false, "0.1", "Seeds at each accuracy"},
    {0}};

const qv_key qv_keys_quantity[] = {
    {"estimate.quantity", QV_KEY_CHOICE, "", "price", "price|slope", false, "0.1",
     "slope: the expected derivative of the payoff by the price at maturity, without discount"},
    {0}};
