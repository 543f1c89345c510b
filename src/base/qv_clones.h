/* Hot loops are compiled for several processors, and the fitting one is chosen when the program starts. */
#ifndef QV_CLONES_H
#define QV_CLONES_H

/* Not with clang: its clones have no symbol that other files could link to (14), and sanitizers start too late. */
#if defined(__x86_64__) && defined(__linux__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&              \
    !defined(__AVX2__)
#define QV_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define QV_CLONES
#endif

#endif
