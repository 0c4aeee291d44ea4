"""Models and what they are trained with: modules, losses, gradient descent, datasets, saving."""
