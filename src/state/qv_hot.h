/* Hot loops are compiled for several instruction sets, and the loader picks one when the program starts. Sanitizers
 * cannot follow that, and clang lacks it in C. */
#ifndef QV_HOT_H
#define QV_HOT_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define QV_HOT __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define QV_HOT
#endif

#endif
