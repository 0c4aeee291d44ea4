/* Functions that the texts of primitives call and C does not have. A conditional is always in a
   function of its own: gcc makes -x of 0.0 - x where x is a conditional, which has another sign.
   Each is copied alone where it is used: it calls no other one, and has no empty line inside. */

static double logistic(double x)
{
    const double e = exp(-fabs(x));
    const double top = x < 0.0 ? e : 1.0;
    return top / (1.0 + e);
}

static double log1p_of_exp(double x)
{
    const double top = x > 0.0 ? x : 0.0;
    return top + log1p(exp(-fabs(x)));
}

static double both(double a, double b)
{
    return a && b;
}

static double either(double a, double b)
{
    return a || b;
}

static double power(double x, double n)
{
    return n == 2.0 ? x * x : pow(x, n);
}

static double ieee_power(double x, double n)
{
    return n == -1.0 ? 1.0 / x : n == 2.0 ? x * x : pow(x, n);
}
