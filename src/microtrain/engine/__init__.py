"""The engine: scalar numbers that remember how they were computed, and the chain rule over them."""
