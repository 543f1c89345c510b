/* Gates on hardware of a task that ends in a measurement. */
#include "circuit/qv_resources.h"
#include "task/qv_sampled.h"

qv_code qv_sampled_resources(const qv_circuit *circuit, int64_t times, int64_t reflections, qv_result *result)
{
  const qv_resources r = qv_circuit_resources(circuit, 0);
  const int64_t toffolis = 2 * reflections * (r.qubits > 2 ? r.qubits - 2 : 0);
  const struct {
    const char *name, *description;
    int64_t value;
  } counts[] = {{"logical_qubits", "one for each variable", r.qubits},
                {"gates", "one-qubit Clifford, RZ and CX gates of one run; Dicke start states are not counted",
                 times * r.gates + 15 * toffolis + reflections},
                {"rz_gates", "rotations, each to be synthesised from T gates", times * r.rz + reflections},
                {"two_qubit_gates", "CX, by textbook ladders; Grover's reflection by 2(n - 2) Toffoli gates of 6 each",
                 times * r.cx + 6 * toffolis},
                {"depth", "with all-to-all connectivity, Grover's reflections not counted", times * r.depth},
                {"two_qubit_depth", "CX layers, likewise", times * r.cx_depth},
                {"t_count", "3 log2(1/epsilon) for each RZ, epsilon = 1e-10, and 7 for each Toffoli",
                 times * r.t_count + 7 * toffolis + 100 * reflections}};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, counts[i].name, counts[i].value, "", counts[i].description));
  }
  return QV_OK;
}
