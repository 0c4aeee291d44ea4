"""Train a network of 41 parameters on four samples, and watch the loss fall.

The same four steps train every neural network: forward pass, loss, backward pass, update.
"""

import sys

import microtrain as mt
from microtrain.draw.chart import line_chart

xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
ys = [1.0, -1.0, -1.0, 1.0]  # what the network is to say for each
lr = 0.05  # how far to step downhill; try 0.001, 0.01, 0.1 and 1.0

model = mt.MLP(3, [4, 4, 1])
losses = []

for step in range(20):
    ypred = [model(x) for x in xs]  # 1. forward pass
    loss = sum((yout - yt) ** 2 for yout, yt in zip(ypred, ys))  # 2. loss
    model.zero_grad()  # 3. backward pass, into gradients of zero
    loss.backward()
    for p in model.parameters():  # 4. update
        p.data -= lr * p.grad
    losses.append(loss.data)
    print(f"step {step:>2}   loss {loss.data:.6f}")

# train() is that loop; here it goes on until the loss is below 0.01.
history = mt.train(model, xs, ys, steps=980, lr=lr, target_loss=0.01)
print(f"\n{history.status} after {20 + history.steps} steps: loss {history.final_loss:.6f}\n")
print(line_chart(losses + history.losses, title="loss", x_label="step"))

predictions = [model(x).data for x in xs]
print("\nprediction   target   match")
for prediction, target in zip(predictions, ys):
    match = prediction * target > 0
    print(f"{prediction:>10.4f}   {target:>6.1f}   {'yes' if match else 'NO'}")
sys.exit(any(prediction * target <= 0 for prediction, target in zip(predictions, ys)))
