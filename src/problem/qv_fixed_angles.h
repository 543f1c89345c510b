/* Angles of MaxCut QAOA that serve every regular graph of a degree: optimal on trees, and close to optimal on other
 * graphs. Source: Wurtz and Lykov, Phys. Rev. A 104 (2021) 052419; the numbers as published with QOKit
 * (jpmorganchase/QOKit, Apache-2.0). Local. */
#ifndef QV_FIXED_ANGLES_H
#define QV_FIXED_ANGLES_H

#include <stdbool.h>

#define QV_FIXED_ANGLES_LAYERS 11

/* gamma[layers], beta[layers] for exp(-i gamma C) with C = -sum of cut edges of weight 1, and exp(-i beta sum X). False
 * where there is no such row: degrees 3 to 11, up to 11 layers for degree 3 and fewer for the others. */
bool qv_fixed_angles(int degree, int layers, double *gamma, double *beta);

/* The most layers of a degree's rows, or 0. */
int qv_fixed_angles_most(int degree);

#endif
