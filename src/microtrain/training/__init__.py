"""The training loop: forward pass, loss, backward pass, update."""
