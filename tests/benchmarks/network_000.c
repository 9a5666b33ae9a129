/* Document 000 by hand: a 3-4-4-1 network of sigmoids, cross-entropy, one example to a step. */

#include <math.h>

static double sigmoid(double z) { return 1.0 / (1.0 + exp(-z)); }

/* w: 12 + 16 + 4 weights, row by row; x: examples of 3 numbers; y: their labels; losses: room
   for that of each pass, or 0 if nobody wants them. */
void train(double *w, const double *x, const double *y, double *losses, long examples, long passes,
           double rate) {
    double *w1 = w, *w2 = w + 12, *w3 = w + 28;
    for (long pass = 0; pass < passes; pass++) {
        double loss = 0.0;
        for (long example = 0; example < examples; example++) {
            const double *a0 = x + 3 * example;
            double a1[4], a2[4], d1[4], d2[4], z = 0.0;
            for (int j = 0; j < 4; j++) {
                double sum = 0.0;
                for (int i = 0; i < 3; i++) sum += w1[3 * j + i] * a0[i];
                a1[j] = sigmoid(sum);
            }
            for (int j = 0; j < 4; j++) {
                double sum = 0.0;
                for (int i = 0; i < 4; i++) sum += w2[4 * j + i] * a1[i];
                a2[j] = sigmoid(sum);
            }
            for (int i = 0; i < 4; i++) z += w3[i] * a2[i];
            double prediction = sigmoid(z), d3 = prediction - y[example];
            if (losses) loss -= log(y[example] > 0.5 ? prediction : 1.0 - prediction);
            for (int j = 0; j < 4; j++) d2[j] = d3 * w3[j] * a2[j] * (1.0 - a2[j]);
            for (int i = 0; i < 4; i++) {
                double sum = 0.0;
                for (int j = 0; j < 4; j++) sum += d2[j] * w2[4 * j + i];
                d1[i] = sum * a1[i] * (1.0 - a1[i]);
            }
            for (int i = 0; i < 4; i++) w3[i] -= rate * d3 * a2[i];
            for (int j = 0; j < 4; j++)
                for (int i = 0; i < 4; i++) w2[4 * j + i] -= rate * d2[j] * a1[i];
            for (int j = 0; j < 4; j++)
                for (int i = 0; i < 3; i++) w1[3 * j + i] -= rate * d1[j] * a0[i];
        }
        if (losses) losses[pass] = loss;
    }
}
