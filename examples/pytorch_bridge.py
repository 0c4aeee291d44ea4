"""To PyTorch and back: the same network in both, with the same predictions and gradients.

A `state_dict` of microtrain has PyTorch's layout, as lists. So a trained MLP moves into a
`torch.nn.Sequential`, and what PyTorch trains moves back. Needs PyTorch, its CPU build will do.
"""

import sys

import microtrain as mt

try:
    import torch
except ImportError:
    sys.exit("PyTorch is missing. Install it with: pip install torch")

FUNCTIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}


def to_torch(model):
    """Return the MLP as a Sequential, in float64: Linear, activation, Linear, activation, …"""
    modules, state = [], {}
    for n_in, layer in zip([model.n_in, *model.sizes], model.layers):
        for name, numbers in layer.state_dict().items():
            state[f"{len(modules)}.{name}"] = torch.tensor(numbers, dtype=torch.float64)
        modules.append(torch.nn.Linear(n_in, len(layer.neurons), dtype=torch.float64))
        activation = layer.neurons[0].activation
        if activation != "linear":
            modules.append(FUNCTIONS[activation]())
    network = torch.nn.Sequential(*modules)
    network.load_state_dict(state)
    return network


def from_torch(network, model):
    """Set the MLP's parameters to those of a Sequential of the same layers."""
    linear = [module for module in network if isinstance(module, torch.nn.Linear)]
    for layer, module in zip(model.layers, linear, strict=True):
        layer.load_state_dict({name: t.tolist() for name, t in module.state_dict().items()})


def largest(differences):
    """Return the largest difference, in size."""
    return max(abs(difference) for difference in differences)


def flat(numbers):
    """Return the floats in nested lists as one list."""
    return [x for part in numbers for x in flat(part)] if isinstance(numbers, list) else [numbers]


xs, ys = mt.datasets.toy()
history = mt.train(steps=200, target_loss=0.01)
model = history.model
print(f"{model}: {history.status} after {history.steps} steps")

# There: the same predictions.
network = to_torch(model)
x, y = torch.tensor(xs, dtype=torch.float64), torch.tensor(ys, dtype=torch.float64)
print(network)
predictions = largest(a - b for a, b in zip(model.predict(xs), network(x).squeeze(1).tolist()))
print(f"predictions: the largest difference is {predictions:.1e}")

# The same gradients, parameter by parameter: forward, loss, backward in both.
model.zero_grad()
sum((model(sample) - target) ** 2 for sample, target in zip(xs, ys)).backward()
((network(x).squeeze(1) - y) ** 2).sum().backward()
worst = 0.0
for layer, module in zip(model.layers, (m for m in network if hasattr(m, "weight"))):
    weights = [[w.grad for w in neuron.weights] for neuron in layer.neurons]
    biases = [neuron.bias.grad for neuron in layer.neurons]
    for ours, theirs in ((weights, module.weight), (biases, module.bias)):
        ours, theirs = flat(ours), flat(theirs.grad.tolist())
        worst = max(worst, largest(a - b for a, b in zip(ours, theirs, strict=True)))
print(f"gradients:   the largest difference is {worst:.1e}")

# Ten steps in PyTorch, and back.
optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
for _ in range(10):
    optimizer.zero_grad()
    ((network(x).squeeze(1) - y) ** 2).sum().backward()
    optimizer.step()
continued = mt.train(model, xs, ys, lr=0.05, steps=10).model  # the same ten steps here
returned = mt.MLP(3, [4, 4, 1])
from_torch(network, returned)
parameters = largest(
    a.data - b.data for a, b in zip(continued.parameters(), returned.parameters(), strict=True)
)
print(f"parameters:  the largest difference is {parameters:.1e} after ten more steps in each")

sys.exit(max(predictions, worst, parameters) > 1e-14)
