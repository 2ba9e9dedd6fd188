"""The numbers of the installation, in the form Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client.core import GaugeMetricFamily

from runtime.domain.number import MEANINGS, Number


class Gauges:
    """A collector over numbers that were taken a moment ago."""

    def __init__(self, numbers: Sequence[Number]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Give one family a name, its labelled values in it."""
        families: dict[str, GaugeMetricFamily] = {}
        for number in self._numbers:
            family = families.get(number.name)
            if family is None:
                labels = list(number.labels)
                family = GaugeMetricFamily(
                    f"baton_{number.name}", MEANINGS[number.name], labels=labels
                )
                families[number.name] = family
            family.add_metric(list(number.labels.values()), number.value)
        return families.values()
