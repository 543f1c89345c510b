#include "task/qv_task_keys.h"

#include "optimize/qv_optimizer.h"

const qv_key qv_keys_common[] = {
    {"qonverge", QV_KEY_INT, "", QV_KEY_REQUIRED, "[1,inf)", false, "0.1", "Format of the deck: 1"},
    {"title", QV_KEY_STRING, "", QV_KEY_UNSET, "", true, "0.1", "What this run is about, for people"},
    {"task", QV_KEY_STRING, "", QV_KEY_REQUIRED, "", false, "0.1", "What is computed"},
    {"output", QV_KEY_STRING, "", "qonverge", "", true, "0.1", "Name of the result files, without folder and ending"},
    {"run.precision", QV_KEY_CHOICE, "", "double", "double|single", false, "0.1",
     "Precision of the amplitudes; single takes half the memory and time"},
    {"run.seed", QV_KEY_INT, "", "1", "[0,inf)", false, "0.1", "Seed of all random numbers"},
    {"run.checkpoint_every", QV_KEY_DURATION, "s", "10 min", "(0,inf)", true, "0.1", "Time between two checkpoints"},
    {"run.keep_checkpoint", QV_KEY_BOOL, "", "false", "", true, "0.1",
     "Keep the last checkpoint of a complete run, so that it can go on with larger limits"},
    {"run.max_time", QV_KEY_DURATION, "s", "auto", "auto|(0,inf)", true, "0.1",
     "Time after which the run stops with a checkpoint; auto: when the batch job ends"},
    {"run.progress_every", QV_KEY_DURATION, "s", "60 s", "(0,inf)", true, "0.1", "Time between two lines of progress"},
    {0}};

const qv_key qv_keys_molecule[] = {
    {"molecule.fcidump", QV_KEY_FILE, "", QV_KEY_REQUIRED, "", false, "0.1",
     "One- and two-electron integrals in the FCIDUMP format"},
    {"molecule.mapping", QV_KEY_CHOICE, "", "jordan-wigner", "jordan-wigner|parity|bravyi-kitaev", false, "0.1",
     "How spin orbitals become qubits"},
    {"molecule.taper", QV_KEY_BOOL, "", "false", "", false, "0.1", "Drop the qubits that Z2 symmetries fix"},
    {"molecule.frozen", QV_KEY_INT_LIST, "", QV_KEY_UNSET, "[1,64]", false, "0.1",
     "Orbitals from 1, as numbered in the file, that stay doubly occupied"},
    {"molecule.active", QV_KEY_INT_LIST, "", QV_KEY_UNSET, "[1,64]", false, "0.1",
     "Orbitals from 1, as numbered in the file, that are treated; without it all that are not frozen"},
    {"molecule.occupied_alpha", QV_KEY_INT_LIST, "", QV_KEY_UNSET, "[1,64]", false, "0.1",
     "Orbitals from 1 that hold a spin-up electron in the reference determinant; without it the lowest determinant"},
    {"molecule.occupied_beta", QV_KEY_INT_LIST, "", QV_KEY_UNSET, "[1,64]", false, "0.1",
     "Orbitals from 1 that hold a spin-down electron in the reference determinant"},
    {"molecule.electrons", QV_KEY_INT, "", QV_KEY_UNSET, "[0,128]", false, "0.1",
     "Number of electrons, if it is not that of the file"},
    {"molecule.ms2", QV_KEY_INT, "", QV_KEY_UNSET, "[-64,64]", false, "0.1",
     "Spin-up minus spin-down electrons, if it is not that of the file"},
    {0}};

const qv_key qv_keys_optimizer[] = {
    {"optimizer.method", QV_KEY_CHOICE, "", "blmvm", QV_OPTIMIZER_METHODS, false, "0.1",
     "Quasi-Newton (blmvm, lmvm, bqnls, bqnkls, bqnktl) or conjugate gradients (cg, bncg), which need gradients; "
     "simplex "
     "(nm); noisy values (spsa); many minima (cma-es)"},
    {"optimizer.gradient", QV_KEY_CHOICE, "", "adjoint", "adjoint|parameter-shift|none", false, "0.1",
     "How the gradient is computed"},
    {"optimizer.gradient_tolerance", QV_KEY_REAL, "", "1e-6", "(0,inf)", false, "0.1",
     "The search ends when the norm of the gradient falls below this, in units of the objective"},
    {"optimizer.max_evaluations", QV_KEY_INT, "", "500", "[1,inf)", true, "0.1",
     "The search ends after this many evaluations of the objective"},
    {"optimizer.options", QV_KEY_OPTIONS, "", QV_KEY_UNSET, "", false, "0.1",
     "Options of the method as {name: value}; those of TAO without their leading dash"},
    {0}};
