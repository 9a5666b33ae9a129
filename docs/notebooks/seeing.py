# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# *Made from [the page](../seeing.md) by `python3 docs`.*

# %% [markdown]
# # Seeing a network learn
#
# A network of three neurons, from the first derivative to the last epoch, and at each station the tool
# that shows what happens there. Document 001 ([what it says](../documents.md#001-a-network-by-hand)) derives
# the gradients of this network by hand; here you watch them come about. You need calculus and Python.
#
# This page is also a notebook: [`notebooks/seeing.py`](../notebooks/seeing.py) opens in Jupyter, through jupytext, and in
# VS Code. There the pictures, the steps and the player appear below their cells.

# %%
import numpy as np

import tinygrad_bp as tg
from tinygrad_bp import Value, constant, nn

# %% [markdown]
# ## A derivative
#
# A number that is made a `Value` remembers what is done with it.

# %%
w = Value(0.5, label="w")
y = tg.sigmoid(3 * w - 1)
f"{y:.4f}"

# %% [markdown]
# How does `y` change with `w`? `backward` answers with a derivative. What a derivative promises, and what
# really happens if `w` moves by a tenth, stand side by side in `what_if`.

# %%
y.backward()
f"{w.grad:.4f}"
tg.what_if(y, {w: 0.1}, names={"y": y})

# %% [markdown]
# That is all that a gradient is: the straight line that hugs the curve. The rest of the page is about
# many such numbers at a time.
#
# ## The network
#
# Two inputs, two hidden neurons, one output. It starts from nine random numbers.

# %%
labels = ["w1", "w2", "w3", "w4", "w5", "w6", "b1", "b2", "b3"]
start = np.random.default_rng(9).standard_normal(9)
weights = [Value(number, label=label) for number, label in zip(start, labels)]
w1, w2, w3, w4, w5, w6, b1, b2, b3 = weights


def predict(x1, x2):
    """Between 0 and 1: how sure the network is that the person is in group 1."""
    h1 = tg.sigmoid(w1 * x1 + w2 * x2 + b1)
    h2 = tg.sigmoid(w3 * x1 + w4 * x2 + b2)
    ypred = tg.sigmoid(w5 * h1 + w6 * h2 + b3)
    h1.label, h2.label, ypred.label = "h1", "h2", "ypred"
    return ypred

# %% [markdown]
# Alice has the inputs −2 and −1, and is in group 1. How wrong is the network about her? The loss is the
# square of the difference.

# %%
alice = predict(constant(-2, "x1"), constant(-1, "x2"))
L = (1 - alice) ** 2
L.label = "L"
f"{alice:.4f}", f"{L:.4f}"

# %% [markdown]
# `tree` shows what it is made of, from the loss down to the weights.

# %%
tg.tree(L)

# %% [markdown]
# ## One step at a time
#
# `step` goes through the computation, operation by operation; first forwards.

# %%
steps = tg.step(L)
steps.run_to("h1")

# %% [markdown]
# The next thing that happens to `h1` is on the way back. What has arrived at `h1` by then is complete,
# and goes on through the sigmoid:

# %%
steps.run_to("h1")

# %% [markdown]
# A notebook shows each step with its picture. What lies between `h1` and the loss has its gradient; above
# `h1` none has arrived but the one of this step; the other neuron is done already.

# %%
steps

# %% [markdown]
# [Stepping](../stepping.md) says more, and answers why gradients add and why they wait.
#
# ## The derivation by hand
#
# A gradient is a product along each way from the loss to the weight, and the sum over all ways. From `L`
# to `w1` there is one. `explain` writes it down, with the names and in the manner of the document.

# %%
tg.explain(L, w1)

# %% [markdown]
# In a notebook it is set as formulas; [explaining](../explaining.md) says what it does where there are very many
# ways. `backward` finds the same number, and those of the other eight weights in the same pass.

# %%
L.backward()
f"{w1.grad:.5f}"

# %% [markdown]
# ## Four people
#
# One person is not enough. The loss of the training data is the mean over all four.

# %%
people = [(-2, -1), (25, 6), (17, 4), (-15, -6)]
groups = [1, 0, 0, 1]


def loss_of(people):
    """The mean of the squared differences."""
    losses = [(group - predict(*person)) ** 2 for person, group in zip(people, groups)]
    mean = tg.sum(losses) / 4
    mean.label = "MSE"
    return mean

# %% [markdown]
# Now `w1` is used four times, once for each, and its gradient is the sum of what comes from these uses.

# %%
loss = loss_of(people)
loss.zero_grad()
loss.backward()
tg.provenance(loss, w1)

# %% [markdown]
# Look at the contributions. Alice, whose inputs are −2 and −1, decides alone. What comes from each of the
# others, with inputs up to 25, is less than a thousandth of hers. They are hardly learnt from.
#
# ## What is wrong
#
# `lint` finds it without being told what to look for.

# %%
tg.lint(loss)

# %% [markdown]
# The curve of a sigmoid is flat far out, and large inputs lead far out. So do what it says: take the mean
# of each input away and divide by its standard deviation. Everybody gets to have a say.

# %%
inputs = np.array(people)
scaled = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
loss = loss_of(scaled.tolist())
loss.zero_grad()
loss.backward()
[f"{one.contribution:+.4f}" for one in tg.provenance(loss, w1)]
tg.lint(loss)

# %% [markdown]
# ## Downhill
#
# The gradient says in which direction the loss grows. Training takes a step the other way: each weight
# moves by a little against its derivative. How much will the loss fall?

# %%
step_down = {weight: -1.0 * weight.grad for weight in weights}
print(str(tg.what_if(loss, step_down)).splitlines()[-3].strip())
promised = sum(weight.grad * change for weight, change in step_down.items())
f"{promised:+.4f}"

# %% [markdown]
# Nearly what the gradient promised, since the step is small. Take it, a thousand times:

# %%
for _ in range(1000):
    loss = loss_of(scaled.tolist())
    loss.zero_grad()
    loss.backward()
    for weight in weights:
        weight.data -= 1.0 * weight.grad

# %%
f"{loss_of(scaled.tolist()):.4f}"
[f"{predict(*person):.2f}" for person in scaled.tolist()]

# %% [markdown]
# That is a trained network, and there was nothing in it that you have not seen.
#
# ## With less to type
#
# `nn` has the same network in one expression, `fit` the same loop, and in machine code where llvmlite is
# installed. `snapshots` keeps the weights of some epochs, so that `play` can go through the training run:
# the loss, the plane of inputs, the weights, and the graph of one person, together.

# %%
model = nn.MLP(2, [2, 1], activation="sigmoid", output_activation="sigmoid", seed=0)
epochs = np.geomspace(1, 1000, 30).astype(int)
history = nn.fit(
    model, scaled, groups, loss="mse", epochs=1000, optimizer=nn.SGD(1.0), snapshots=epochs
)
f"{history.losses[-1]:.4f}"
player = tg.play(history, model=model, inputs=scaled, targets=groups)

# %%
player

# %% [markdown]
# And `play` of a value plays the two passes, from the first operation to the last gradient. Here is Alice
# again, now that the network knows her:

# %%
L = (1 - predict(*scaled.tolist()[0])) ** 2
L.label = "L"
f"{L:.4f}"
player = tg.play(L, title="Alice's loss")

# %%
player

# %% [markdown]
# `player.save("alice.html")` makes a page of it for whoever has no Python. [Playing](../playing.md) says what
# it can do, [diagnosing](../diagnosing.md) what to do where numbers go wrong, and
# [how it works](../how-it-works.md) what is inside.
