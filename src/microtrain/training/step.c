/* From a state to the next: N parameters, and behind them their gradients. A sample has WIDTH
   numbers, first its INPUTS; MEAN says whether a loss is the mean over a mini-batch. In g are the
   gradients of a mini-batch. */
__attribute__((noinline)) static double step(
    const double *restrict p, double *restrict next, double *restrict g, const double *samples,
    const int **order, long batches, long zero_grad, double lr, double *norm)
{
    double loss = 0.0, squares = 0.0, *total = next + N;
    const int *at = *order;
    const int alone = batches == 1 && zero_grad; /* then there is nothing to add it to */
    for (int i = 0; i < N; ++i)
        total[i] = zero_grad ? 0.0 : p[N + i];
    for (long b = 0; b < batches; ++b) {
        const int size = *at++;
        double batch = 0.0;
        for (int i = 0; i < N && !alone; ++i)
            g[i] = -0.0;
        for (int k = 0; k < size; ++k) {
            const double *x = samples + WIDTH * (long)*at++;
            batch += sample(p, x, x + INPUTS, 1.0 / size, alone ? total : g);
        }
        loss += MEAN ? batch / size : batch;
        for (int i = 0; i < N && !alone; ++i)
            total[i] += g[i];
    }
    for (int i = 0; i < N; ++i)
        squares += total[i] * total[i];
    *norm = sqrt(squares);
    *order = at;
    /* 4. update */
    for (int i = 0; i < N; ++i)
        next[i] = p[i] - lr * total[i];
    return loss;
}

/* Make so many steps; return how many were made, for one that raises a flag or whose loss is below
   the least is not. Three states are used in turn; behind them is room for the gradients of a
   mini-batch. In order are the mini-batches, each with its size before it. */
long train(double *states, const double *samples, const int *order, const double *rates,
           double *losses, double *norms, long batches, long moves, long zero_grad, long steps,
           double least)
{
    const int *at = order;
    if (!finite_all(states, 2 * N))
        return 0;
    feclearexcept(FE_ALL_EXCEPT);
    for (long k = 0; k < steps; ++k) {
        double *state = states + 2 * N * (k % 3), *next = states + 2 * N * ((k + 1) % 3);
        losses[k] = step(state, next, states + 6 * N, samples, &at, batches, zero_grad, rates[k],
                         norms + k);
        if (fetestexcept(FLAGS) || losses[k] < least)
            return k;
        at = moves ? at : order;
    }
    return steps;
}
