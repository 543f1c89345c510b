/* The tasks of amplitude estimation from inside: what their files share. */
#ifndef QV_ESTIMATE_H
#define QV_ESTIMATE_H

#include "montecarlo/qv_amplitude.h"
#include "task/qv_grover.h"
#include "task/qv_task.h"

/* The choices of estimate.method, in order; the study adds the linear schedule and the two classical ones. */
typedef enum {
  QV_STUDY_CANONICAL,
  QV_STUDY_ITERATIVE,
  QV_STUDY_LIKELIHOOD,
  QV_STUDY_BAYESIAN,
  QV_STUDY_LINEAR,
  QV_STUDY_MONTE_CARLO,
  QV_STUDY_SOBOL,
  QV_STUDY_METHODS
} qv_study_method;

/* The intervals of canonical estimation are so much wider than its error, and its statevector grows with its accuracy:
 * in the study it aims at intervals so many times wider than the others. */
#define QV_STUDY_WIDER 4

/* One row of the study: a method at one accuracy, over all repetitions. */
typedef struct {
  double uses;         /* mean, of the loading circuit or its inverse; classical: samples */
  double error;        /* root of the mean square, in units of the answer */
  double width;        /* mean half-width of the interval; classical: of the normal one */
  double covered;      /* share of repetitions whose interval holds the exact value; NAN for Sobol points */
  double power;        /* most Grover iterations in one circuit; -1: classical */
  double phase_qubits; /* canonical: m; else 0 */
} qv_study_row;
#define QV_STUDY_VALUES ((int)(sizeof(qv_study_row) / sizeof(double)))

typedef enum { QV_ESTIMATE_MEASURE, QV_ESTIMATE_STUDY, QV_ESTIMATE_DONE } qv_estimate_phase;

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  qv_market *market;     /* NULL: credit */
  qv_contract *contract; /* NULL: credit */
  qv_credit credit;
  qv_expectation *expectation;
  qv_amplitude_problem problem;
  double amplitude_exact;
  double accuracy; /* of the amplitude */
  qv_grover *grover;

  qv_estimate_phase phase;
  int64_t steps;
  qv_amplitude *amplitude; /* NULL: canonical */
  int64_t shots_drawn;
  int phase_qubits; /* canonical */
  int64_t phase_shots;
  int64_t *outcome; /* [phase_shots]; canonical, once measured */
  qv_amplitude_estimate estimate;

  int levels;         /* of the study */
  int study;          /* rows made: method = study / levels, level = study mod levels */
  qv_study_row *rows; /* [QV_STUDY_METHODS][levels] */
} qv_estimate_task;

/* Successes among `shots` trials: shot s of a run is uniform number (seed, QV_RANDOM_ESTIMATION; first + s, run). */
int64_t qv_estimate_draw(uint64_t seed, uint64_t run, int64_t first, int64_t shots, double probability);

/* Outcomes of phase estimation, likewise. */
void qv_estimate_draw_phases(uint64_t seed, uint64_t run, int64_t shots, int m, const double *distribution,
                             int64_t *outcome);

/* The options of a method of the deck for an accuracy of the amplitude. */
qv_amplitude_opts qv_estimate_opts(const qv_deck *deck, qv_study_method method, double accuracy);

/* Phase qubits and shots of canonical estimation. Fails with QV_ERR_DECK if it needs too many. */
qv_code qv_estimate_canonical(const qv_deck *deck, double accuracy, int *m, int64_t *shots);

/* Applications of Q that make a step. */
int64_t qv_estimate_portion(const qv_estimate_task *task);

/* Sampling the values of the register itself, by the inverse of their distribution function: `count` samples with
 * uniform numbers of `run`, or the first `count` points of a scrambled Sobol sequence (count a multiple of 64). */
qv_code qv_estimate_sample(const qv_estimate_task *task, uint64_t run, int64_t count, double *mean, double *deviation);
qv_code qv_estimate_sobol(const qv_estimate_task *task, int run, int runs, int64_t count, double *mean);

/* One portion of the study; *done says that a row was finished. Collective. */
qv_code qv_estimate_study_step(qv_estimate_task *task);

/* Accuracy of the amplitude at a level: the last is the deck's own, each before it twice as wide. Samples: of the
 * classical rows. Local. */
double qv_estimate_level_accuracy(const qv_estimate_task *task, int level);

/* Slope of log error against log uses over the levels. NAN if there are fewer than three. Local. */
double qv_estimate_exponent(const qv_estimate_task *task, qv_study_method method);

/* "canonical", "iterative", ... */
const char *qv_estimate_name(qv_study_method method);

/* Everything into result and archive. Collective. */
qv_code qv_estimate_report(const qv_estimate_task *task, qv_archive *archive, qv_result *result);

#endif
