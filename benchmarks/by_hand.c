/* The classic network, 3-4-4-1 with tanh, trained by hand-written C: what native code is compared
   with in compare.py. Parameters lie as in MLP: of each layer all weights, then the biases. */
#include <math.h>

void by_hand(double *p, double *g, const double *samples, int n, double lr, long steps,
             double *losses, double *norms)
{
    for (long step = 0; step < steps; ++step) {
        double loss = 0.0, squares = 0.0;
        for (int i = 0; i < 41; ++i)
            g[i] = 0.0;
        for (int k = 0; k < n; ++k) {
            const double *x = samples + 4 * k;
            double first[4], second[4], by_first[4], by_second[4];
            for (int j = 0; j < 4; ++j) {
                double sum = p[12 + j];
                for (int i = 0; i < 3; ++i)
                    sum += p[3 * j + i] * x[i];
                first[j] = tanh(sum);
            }
            for (int j = 0; j < 4; ++j) {
                double sum = p[32 + j];
                for (int i = 0; i < 4; ++i)
                    sum += p[16 + 4 * j + i] * first[i];
                second[j] = tanh(sum);
            }
            double sum = p[40];
            for (int i = 0; i < 4; ++i)
                sum += p[36 + i] * second[i];
            const double y = tanh(sum), error = y - x[3];
            loss += error * error;
            const double by_sum = (1.0 - y * y) * (2.0 * error);
            for (int j = 0; j < 4; ++j) {
                by_second[j] = (1.0 - second[j] * second[j]) * (p[36 + j] * by_sum);
                g[36 + j] += second[j] * by_sum;
            }
            g[40] += by_sum;
            for (int i = 0; i < 4; ++i) {
                double by = 0.0;
                for (int j = 0; j < 4; ++j)
                    by += p[16 + 4 * j + i] * by_second[j];
                by_first[i] = (1.0 - first[i] * first[i]) * by;
            }
            for (int j = 0; j < 4; ++j) {
                for (int i = 0; i < 4; ++i)
                    g[16 + 4 * j + i] += first[i] * by_second[j];
                g[32 + j] += by_second[j];
                for (int i = 0; i < 3; ++i)
                    g[3 * j + i] += x[i] * by_first[j];
                g[12 + j] += by_first[j];
            }
        }
        for (int i = 0; i < 41; ++i)
            squares += g[i] * g[i];
        losses[step] = loss;
        norms[step] = sqrt(squares);
        for (int i = 0; i < 41; ++i)
            p[i] -= lr * g[i];
    }
}
