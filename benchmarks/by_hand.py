"""The training step of the toy network, written out by hand: what a compiler has to beat.

Straight-line Python over local variables, for ``MLP(3, [4, 4, 1])`` with tanh and the sum of
squares. It keeps the records that `microtrain.train` keeps: every loss and gradient norm, whether
the loss is finite, and the last good parameters.
"""

from math import isfinite, sqrt, tanh


def train(parameters, samples, lr, steps):
    """Return the last good parameters, the losses and the gradient norms."""
    (
        a00,
        a01,
        a02,
        a10,
        a11,
        a12,
        a20,
        a21,
        a22,
        a30,
        a31,
        a32,
        a0,
        a1,
        a2,
        a3,
        b00,
        b01,
        b02,
        b03,
        b10,
        b11,
        b12,
        b13,
        b20,
        b21,
        b22,
        b23,
        b30,
        b31,
        b32,
        b33,
        b0,
        b1,
        b2,
        b3,
        c0,
        c1,
        c2,
        c3,
        c,
    ) = parameters
    losses, norms = [], []
    for _ in range(steps):
        da00 = da01 = da02 = da10 = da11 = da12 = da20 = da21 = da22 = da30 = da31 = da32 = 0.0
        da0 = da1 = da2 = da3 = db00 = db01 = db02 = db03 = db10 = db11 = db12 = db13 = 0.0
        db20 = db21 = db22 = db23 = db30 = db31 = db32 = db33 = db0 = db1 = db2 = db3 = 0.0
        dc0 = dc1 = dc2 = dc3 = dc = 0.0
        loss = 0.0
        for x0, x1, x2, y in samples:
            h0 = tanh(a0 + a00 * x0 + a01 * x1 + a02 * x2)
            h1 = tanh(a1 + a10 * x0 + a11 * x1 + a12 * x2)
            h2 = tanh(a2 + a20 * x0 + a21 * x1 + a22 * x2)
            h3 = tanh(a3 + a30 * x0 + a31 * x1 + a32 * x2)
            k0 = tanh(b0 + b00 * h0 + b01 * h1 + b02 * h2 + b03 * h3)
            k1 = tanh(b1 + b10 * h0 + b11 * h1 + b12 * h2 + b13 * h3)
            k2 = tanh(b2 + b20 * h0 + b21 * h1 + b22 * h2 + b23 * h3)
            k3 = tanh(b3 + b30 * h0 + b31 * h1 + b32 * h2 + b33 * h3)
            out = tanh(c + c0 * k0 + c1 * k1 + c2 * k2 + c3 * k3)
            error = out - y
            loss += error * error
            e = 2.0 * error * (1.0 - out * out)
            dc0 += e * k0
            dc1 += e * k1
            dc2 += e * k2
            dc3 += e * k3
            dc += e
            f0 = e * c0 * (1.0 - k0 * k0)
            f1 = e * c1 * (1.0 - k1 * k1)
            f2 = e * c2 * (1.0 - k2 * k2)
            f3 = e * c3 * (1.0 - k3 * k3)
            db00 += f0 * h0
            db01 += f0 * h1
            db02 += f0 * h2
            db03 += f0 * h3
            db0 += f0
            db10 += f1 * h0
            db11 += f1 * h1
            db12 += f1 * h2
            db13 += f1 * h3
            db1 += f1
            db20 += f2 * h0
            db21 += f2 * h1
            db22 += f2 * h2
            db23 += f2 * h3
            db2 += f2
            db30 += f3 * h0
            db31 += f3 * h1
            db32 += f3 * h2
            db33 += f3 * h3
            db3 += f3
            e = (f0 * b00 + f1 * b10 + f2 * b20 + f3 * b30) * (1.0 - h0 * h0)
            da00 += e * x0
            da01 += e * x1
            da02 += e * x2
            da0 += e
            e = (f0 * b01 + f1 * b11 + f2 * b21 + f3 * b31) * (1.0 - h1 * h1)
            da10 += e * x0
            da11 += e * x1
            da12 += e * x2
            da1 += e
            e = (f0 * b02 + f1 * b12 + f2 * b22 + f3 * b32) * (1.0 - h2 * h2)
            da20 += e * x0
            da21 += e * x1
            da22 += e * x2
            da2 += e
            e = (f0 * b03 + f1 * b13 + f2 * b23 + f3 * b33) * (1.0 - h3 * h3)
            da30 += e * x0
            da31 += e * x1
            da32 += e * x2
            da3 += e
        if not isfinite(loss):
            break
        good = (
            a00,
            a01,
            a02,
            a10,
            a11,
            a12,
            a20,
            a21,
            a22,
            a30,
            a31,
            a32,
            a0,
            a1,
            a2,
            a3,
            b00,
            b01,
            b02,
            b03,
            b10,
            b11,
            b12,
            b13,
            b20,
            b21,
            b22,
            b23,
            b30,
            b31,
            b32,
            b33,
            b0,
            b1,
            b2,
            b3,
            c0,
            c1,
            c2,
            c3,
            c,
        )
        losses.append(loss)
        norms.append(
            sqrt(
                da00 * da00
                + da01 * da01
                + da02 * da02
                + da10 * da10
                + da11 * da11
                + da12 * da12
                + da20 * da20
                + da21 * da21
                + da22 * da22
                + da30 * da30
                + da31 * da31
                + da32 * da32
                + da0 * da0
                + da1 * da1
                + da2 * da2
                + da3 * da3
                + db00 * db00
                + db01 * db01
                + db02 * db02
                + db03 * db03
                + db10 * db10
                + db11 * db11
                + db12 * db12
                + db13 * db13
                + db20 * db20
                + db21 * db21
                + db22 * db22
                + db23 * db23
                + db30 * db30
                + db31 * db31
                + db32 * db32
                + db33 * db33
                + db0 * db0
                + db1 * db1
                + db2 * db2
                + db3 * db3
                + dc0 * dc0
                + dc1 * dc1
                + dc2 * dc2
                + dc3 * dc3
                + dc * dc
            )
        )
        a00 -= lr * da00
        a01 -= lr * da01
        a02 -= lr * da02
        a10 -= lr * da10
        a11 -= lr * da11
        a12 -= lr * da12
        a20 -= lr * da20
        a21 -= lr * da21
        a22 -= lr * da22
        a30 -= lr * da30
        a31 -= lr * da31
        a32 -= lr * da32
        a0 -= lr * da0
        a1 -= lr * da1
        a2 -= lr * da2
        a3 -= lr * da3
        b00 -= lr * db00
        b01 -= lr * db01
        b02 -= lr * db02
        b03 -= lr * db03
        b10 -= lr * db10
        b11 -= lr * db11
        b12 -= lr * db12
        b13 -= lr * db13
        b20 -= lr * db20
        b21 -= lr * db21
        b22 -= lr * db22
        b23 -= lr * db23
        b30 -= lr * db30
        b31 -= lr * db31
        b32 -= lr * db32
        b33 -= lr * db33
        b0 -= lr * db0
        b1 -= lr * db1
        b2 -= lr * db2
        b3 -= lr * db3
        c0 -= lr * dc0
        c1 -= lr * dc1
        c2 -= lr * dc2
        c3 -= lr * dc3
        c -= lr * dc
    return good, losses, norms
