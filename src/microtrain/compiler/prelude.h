/* What stands before native code. The flags of the floats tell whether something went wrong, if all
   that goes in is finite; sqrt and fabs are single instructions. */
#if defined LONG_CODE && __GNUC__ > 10 && !defined __clang__
/* Less machine code, as that is read from memory, too, and is made in two thirds of the time. */
#pragma GCC optimize "vect-cost-model=very-cheap"
#endif
#include <fenv.h>
#include <float.h>
#include <math.h>
#if FLT_EVAL_METHOD != 0
#error "this platform computes doubles with other digits than Python"
#endif
#ifdef __GNUC__
#define sqrt __builtin_sqrt
#define fabs __builtin_fabs
#endif
#define FLAGS (FE_DIVBYZERO | FE_OVERFLOW | FE_INVALID)

static int finite_all(const double *x, long n)
{
    long wrong = 0;
    for (long i = 0; i < n; ++i)
        wrong += !(x[i] - x[i] == 0.0);
    return wrong == 0;
}
