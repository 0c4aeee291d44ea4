"""How thoroughly the property tests look, and with no eye on the clock.

``pytest --hypothesis-profile=thorough`` tries fifty times as many cases, ``exhaustive`` 2,500
times as many; ``mutation`` is for benchmarks/mutation.py.
"""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "everyday",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("everyday"), max_examples=2000)
settings.register_profile(
    "mutation",
    settings.get_profile("everyday"),
    max_examples=25,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile(
    "exhaustive", settings.get_profile("everyday"), max_examples=100_000, database=None
)
settings.load_profile("everyday")
