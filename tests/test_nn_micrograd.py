"""What programs written for micrograd do, with nothing but their imports changed.

(The expression of its README is in `test_engine.py`: the Value is the same.)
"""

from __future__ import annotations

import random

import pytest

import microtrain as mt
from microtrain.nn.micrograd import MLP, Layer, Module, Neuron, Value


def test_the_expression_of_its_tests():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)  # by hand, and as PyTorch has it


def trace(root):
    """Return the nodes and edges of an expression, as notebooks about micrograd draw them."""
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def test_a_graph_is_traced_through_prev_and_op():
    a, b = Value(2.0), Value(-3.0)
    product = a * b
    y = (product + a).relu()
    nodes, edges = trace(y)
    assert sorted(n._op for n in nodes) == ["", "", "*", "+", "relu"]
    assert {a, b, product, y} < nodes
    assert (a, product) in edges and (b, product) in edges and len(edges) == 5
    assert "{ data %.4f | grad %.4f }" % (a.data, a.grad) == "{ data 2.0000 | grad 0.0000 }"  # noqa: UP031


def test_a_graph_of_a_neuron_is_traced_to_its_parameters():
    neuron = Neuron(2)
    x = [Value(1.0), Value(-2.0)]
    nodes, _ = trace(neuron(x))
    assert {n for n in nodes if not n._op} == {*neuron.w, neuron.b, *x}


def test_the_global_seed_decides_the_weights():
    def numbers():
        random.seed(1337)
        return [p.data for p in MLP(2, [3, 1]).parameters()]

    assert numbers() == numbers()
    random.seed(1337)
    drawn = [random.uniform(-1, 1) for _ in range(9)]
    # each neuron's weights, then its bias
    assert numbers() == [*drawn[:2], 0, *drawn[2:4], 0, *drawn[4:6], 0, *drawn[6:], 0]


def test_the_parts_have_its_names():
    model = MLP(3, [4, 1])
    assert [len(layer.neurons) for layer in model.layers] == [4, 1]
    neuron = model.layers[0].neurons[0]
    assert len(neuron.w) == 3 and neuron.b.data == 0 and neuron.nonlin
    assert not model.layers[-1].neurons[0].nonlin
    assert neuron.parameters() == [*neuron.w, neuron.b]
    assert model.layers[0].parameters()[:4] == neuron.parameters()
    assert repr(model) == (
        "MLP of [Layer of [ReLUNeuron(3), ReLUNeuron(3), ReLUNeuron(3), ReLUNeuron(3)], "
        "Layer of [LinearNeuron(4)]]"
    )
    assert str(Value(2.0)) == "Value(data=2.0, grad=0.0)"


def test_outputs_are_lists_but_for_one_neuron():
    assert isinstance(Layer(2, 1)([1.0, 2.0]), Value)
    assert isinstance(MLP(2, [1, 1])([1.0, 2.0]), Value)  # a hidden layer of one
    outputs = MLP(2, [3, 2])([Value(1.0), 2.0])
    assert isinstance(outputs, list) and len(outputs) == 2


def test_hidden_neurons_are_relu_and_the_last_linear():
    neuron, linear = Neuron(2), Layer(2, 1, nonlin=False).neurons[0]
    for n in (neuron, linear):
        n.w = [Value(1.0), Value(-1.0)]
        n.b = Value(0.5)
    assert neuron([3.0, 1.0]).data == linear([3.0, 1.0]).data == 2.5
    assert (neuron([1.0, 3.0]).data, linear([1.0, 3.0]).data) == (0.0, -1.5)


def test_a_sample_of_another_length_is_refused():
    with pytest.raises(ValueError, match="as many weights as inputs, got 2 and 3"):
        Neuron(2)([1.0, 2.0, 3.0])


def test_a_module_of_ones_own():
    class Scale(Module):
        def __init__(self):
            self.k = Value(2.0)

        def __call__(self, x):
            return self.k * x

        def parameters(self):
            return [self.k]

    model = Scale()
    model(3.0).backward()
    assert model.k.grad == 3.0
    model.zero_grad()
    assert model.k.grad == 0
    assert Module().parameters() == []


@pytest.mark.slow
def test_moons_are_learned():
    """The demonstration of micrograd: max-margin loss, L2 penalty, a rate that decays."""
    xs, ys = mt.datasets.moons(40)
    random.seed(1337)
    model = MLP(2, [16, 16, 1])

    def loss():
        inputs = [list(map(Value, x)) for x in xs]
        scores = list(map(model, inputs))
        losses = [(1 + -y * score).relu() for y, score in zip(ys, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        accuracy = [(y > 0) == (score.data > 0) for y, score in zip(ys, scores)]
        return total_loss, sum(accuracy) / len(accuracy)

    steps = 60
    for k in range(steps):
        total_loss, _ = loss()
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / steps
        for p in model.parameters():
            p.data -= learning_rate * p.grad
    total_loss, accuracy = loss()
    assert accuracy >= 0.95
    assert total_loss.data < 0.1


def test_train_and_save_take_the_models(tmp_path):
    random.seed(1337)
    model = MLP(2, [4, 1])
    xs, ys = mt.datasets.moons(20)
    runs = {}
    start = model.state_dict()
    for engine in ("eager", "compiled"):
        model.load_state_dict(start)
        history = mt.train(model, xs, ys, loss=mt.hinge, reduction="mean", steps=5, engine=engine)
        runs[engine] = [x.hex() for x in history.losses]
    assert runs["eager"] == runs["compiled"]
    mt.save(model, tmp_path / "model.json")
    other = mt.load(tmp_path / "model.json", MLP(2, [4, 1]))
    assert other.state_dict() == model.state_dict()
