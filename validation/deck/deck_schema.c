#include "deck/deck_schema.h"

static const qv_key common[] = {
    {"qonverge", QV_KEY_INT, "", QV_KEY_REQUIRED, "[1,inf)", false, "0.1", "Format of the deck"},
    {"title", QV_KEY_STRING, "", QV_KEY_UNSET, "", true, "0.1", "What this run is about"},
    {"task", QV_KEY_STRING, "", QV_KEY_REQUIRED, "", false, "0.1", "What is computed"},
    {"output", QV_KEY_STRING, "", "qonverge", "", true, "0.1", "Name of the result files"},
    {"run.precision", QV_KEY_CHOICE, "", "double", "double|single", false, "0.1", "Precision of the amplitudes"},
    {"run.seed", QV_KEY_INT, "", "1", "[0,inf)", false, "0.1", "Seed of all random numbers"},
    {"run.checkpoint_every", QV_KEY_DURATION, "s", "10 min", "(0,inf)", true, "0.1", "Time between checkpoints"},
    {"run.max_time", QV_KEY_DURATION, "s", "auto", "auto|(0,inf)", true, "0.1", "Time after which the run stops"},
    {"run.memory", QV_KEY_SIZE, "B", QV_KEY_UNSET, "", true, "0.1", "Memory that the run may take"},
    {"run.verbose", QV_KEY_BOOL, "", "false", "", true, "0.1", "More lines in the log"},
    {"run.debug.dump", QV_KEY_STRING, "", QV_KEY_UNSET, "", true, "0.1", "What is dumped"},
    {"run.debug.level", QV_KEY_CHOICE, "", QV_KEY_UNSET, "0|1|true|all", true, "0.1", "How much is dumped"},
    {0}};

static const qv_key circuit[] = {
    {"circuit.qubits", QV_KEY_INT, "", QV_KEY_REQUIRED, "[1,64]", false, "0.1", "Number of qubits"},
    {"circuit.depth", QV_KEY_INT, "", "1", "[1,1000]", false, "0.1", "Layers"},
    {"circuit.entangler", QV_KEY_CHOICE, "", "cz", "cz|cx|iswap", false, "0.1", "Two-qubit gate"},
    {"circuit.repeat", QV_KEY_BOOL, "", "false", "", false, "0.1", "Repeat the same layer"},
    {"circuit.angles", QV_KEY_REAL_LIST, "rad", QV_KEY_UNSET, "[-10,10]", false, "0.1", "Angles of the first layer"},
    {"circuit.order", QV_KEY_INT_LIST, "", "[0, 1]", "[0,63]", false, "0.1", "Order of the qubits"},
    {0}};

static const qv_key measure[] = {
    {"measure.shots", QV_KEY_COUNT, "", "1000", "[1,inf)", true, "0.1", "Number of shots"},
    {"measure.pauli", QV_KEY_STRING_LIST, "", QV_KEY_UNSET, "", false, "0.1", "Pauli strings to measure"},
    {"measure.report", QV_KEY_CHOICE_LIST, "", "[energy]", "energy|histogram|variance", true, "0.1",
     "What is reported"},
    {"measure.depths", QV_KEY_INT_LIST, "", QV_KEY_UNSET, "[1,1000]", false, "0.1", "Layers after which to measure"},
    {"measure.groups", QV_KEY_RECORDS, "", QV_KEY_UNSET, "", false, "0.1", "Strings that are measured together"},
    {"measure.groups[].label", QV_KEY_STRING, "", QV_KEY_UNSET, "", false, "0.1", "Name of the group"},
    {0}};

static const qv_key molecule[] = {
    {"molecule.fcidump", QV_KEY_FILE, "", QV_KEY_REQUIRED, "", false, "0.1", "Integrals"},
    {"molecule.mapping", QV_KEY_CHOICE, "", "jordan-wigner", "jordan-wigner|parity|bravyi-kitaev", false, "0.1",
     "How spin orbitals become qubits"},
    {"molecule.distance", QV_KEY_REAL, "Angstrom", QV_KEY_UNSET, "(0,100]", false, "0.1", "Bond length"},
    {0}};

static const qv_key optimizer[] = {
    {"optimizer.method", QV_KEY_CHOICE, "", "blmvm", "blmvm|lmvm|cg|nm", false, "0.1", "The TAO solver"},
    {"optimizer.gradient_tolerance", QV_KEY_REAL, "Hartree", "1e-6", "(0,inf)", false, "0.1", "End of the search"},
    {"optimizer.max_evaluations", QV_KEY_INT, "", "500", "[1,inf)", true, "0.1", "Evaluations at most"},
    {"optimizer.options", QV_KEY_OPTIONS, "", QV_KEY_UNSET, "", false, "0.1", "TAO options, name: value"},
    {0}};

static const qv_key market[] = {
    {"market.spot", QV_KEY_REAL, "currency", QV_KEY_REQUIRED, "(0,inf)", false, "0.1", "Price today"},
    {"market.rate", QV_KEY_REAL, "1/year", "0", "[-1,1]", false, "0.1", "Interest rate"},
    {"market.surface", QV_KEY_FILE, "", QV_KEY_UNSET, "", false, "0.1", "Local volatilities"},
    {"market.assets", QV_KEY_RECORDS, "", QV_KEY_UNSET, "", false, "0.1", "Further assets"},
    {"market.assets[].name", QV_KEY_STRING, "", QV_KEY_REQUIRED, "", false, "0.1", "Name"},
    {"market.assets[].weight", QV_KEY_REAL, "", "1", "[0,1]", true, "0.1", "Share"},
    {"market.assets[].history", QV_KEY_FILE, "", QV_KEY_UNSET, "", false, "0.1", "Past prices"},
    {"contracts", QV_KEY_RECORDS, "", QV_KEY_REQUIRED, "", false, "0.1", "What is priced"},
    {"contracts[].kind", QV_KEY_CHOICE, "", QV_KEY_REQUIRED, "european|asian|barrier", false, "0.1", "Kind"},
    {"contracts[].strike", QV_KEY_REAL, "currency", QV_KEY_REQUIRED, "(0,inf)", false, "0.1", "Strike"},
    {"contracts[].maturity", QV_KEY_YEARS, "", "1 year", "(0,100]", false, "0.1", "Time to maturity"},
    {"contracts[].fixings", QV_KEY_COUNT, "", QV_KEY_UNSET, "[1,10000]", false, "0.1", "Number of fixings"},
    {"contracts[].barrier.level", QV_KEY_REAL, "currency", QV_KEY_UNSET, "(0,inf)", false, "0.1", "Barrier"},
    {"contracts[].barrier.knock", QV_KEY_CHOICE, "", "out", "in|out", false, "0.1", "What the barrier does"},
    {0}};

static const qv_key *const circuit_sections[] = {circuit, measure, NULL};
static const qv_key *const vqe_sections[] = {molecule, optimizer, measure, NULL};
static const qv_key *const price_sections[] = {market, NULL};

static const qv_schema_task tasks[] = {{"circuit", "Run a circuit", circuit_sections},
                                       {"vqe", "Ground state of a molecule", vqe_sections},
                                       {"price", "Prices of contracts", price_sections}};

const qv_schema *deck_test_schema(void)
{
  static const qv_schema schema = {common, tasks, 3};
  return &schema;
}
