"""What is on this machine: Python, folders, agents, models, the port."""

from __future__ import annotations

import platform
import socket
import sys
import tempfile
from collections.abc import Iterable, Mapping

from bots.presence import instance_name, is_served
from bots.terminal.checks.check import Check, fine, wrong
from runtime.catalog.load import load_catalog
from runtime.domain.errors import Misconfigured
from runtime.models.choice import PROVIDERS, is_demonstration
from runtime.models.tiers import Tier, parse_tiers
from runtime.settings import Settings

_OLDEST = (3, 11)


def python() -> list[Check]:
    """Look at the interpreter."""
    if sys.version_info < _OLDEST:
        return wrong("python", platform.python_version(), todo="install Python 3.11 or newer")
    return fine("python", platform.python_version())


def home(settings: Settings) -> list[Check]:
    """Try to write where data is kept."""
    folder = settings.home.absolute()
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        return wrong(
            "home",
            f"{folder}: cannot write to {nearest} ({error.strerror})",
            todo="set BATON_HOME to a folder that this user may write to",
        )
    return fine("home", str(folder) if nearest == folder else f"{folder} (made at the first start)")


def agents(settings: Settings) -> list[Check]:
    """Load the agents folder as a start would; every problem is told with file and line."""
    try:
        catalog = load_catalog(settings.agents_path)
    except Misconfigured as error:
        # Each line says file, line and what to write there.
        return [Check(name="agents", ok=False, detail=line) for line in _lines(error)]
    names = ", ".join(sorted(catalog.agents))
    return [
        *fine("agents", f"{settings.agents_path}: {names}"),
        *(Check(name="agents", ok=False, detail=line) for line in catalog.warnings),
    ]


def code() -> list[Check]:
    """Run nothing inside the walls that agents' code is run in, and tell which of them stand."""
    from runtime.tools.confined import Confinement, Job, python

    try:
        finished = Confinement().run(Job(command=python("-S", "-c", "pass")))
    except Misconfigured as error:
        return wrong(
            "code",
            error.public,
            todo="use Linux 5.13 or newer with Landlock and seccomp; until then no code is run",
        )
    hint = "" if finished.has_own_view else "allow user namespaces for the strongest walls"
    return fine("code", f"confined by {', '.join(finished.walls)}", hint=hint)


def models(settings: Settings, environment: Mapping[str, str]) -> list[Check]:
    """Tell which model serves each tier and which key was found; never a key's value."""
    file = settings.agents_path / "models.yaml"
    text = file.read_text(encoding="utf-8") if file.is_file() else "tiers: {planner: {model: auto}}"
    tiers = parse_tiers(text, source=str(file), environment=environment, override=settings.model)
    found = [name.variable for name in PROVIDERS if environment.get(name.variable, "").strip()]
    checks: list[Check] = []
    for models_of_tier, names in _by_models(tiers.tiers.values()).items():
        checks += _tier(names, models_of_tier, found)
    lacking = _lacking_keys(tiers.tiers.values(), environment)
    for variable, model in lacking.items():
        checks += wrong("key", f"{model} needs {variable}", todo=f"set {variable}, here or in .env")
    if found:
        checks += fine("key", f"found {', '.join(found)}")
    return checks


def port(settings: Settings) -> list[Check]:
    """Tell whether the server is up, could start, or finds its port taken."""
    place = f"{settings.host}:{settings.port}"
    if settings.port == 0:
        return fine("port", "any free one is taken at the start")
    if is_served(settings.host, settings.port, instance=instance_name(settings.database)):
        return fine("port", f"Baton is up at http://{place}/")
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the server does it: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return wrong(
                "port",
                f"{place} cannot be used ({error.strerror})",
                todo="set BATON_PORT to a free port, or stop what uses this one",
            )
    return fine("port", f"{place} is free; no server is up", hint="start one with: baton up")


def _lines(error: Misconfigured) -> list[str]:
    return [line for line in error.public.splitlines() if line.strip()]


def _by_models(tiers: Iterable[Tier]) -> dict[tuple[str, ...], list[str]]:
    grouped: dict[tuple[str, ...], list[str]] = {}
    for tier in tiers:
        grouped.setdefault(tuple(model.name for model in tier.models), []).append(tier.name)
    return grouped


def _tier(names: list[str], models_of_tier: tuple[str, ...], found: list[str]) -> list[Check]:
    detail = f"{', '.join(names)}: {', then '.join(models_of_tier)}"
    if not is_demonstration(models_of_tier[0]):
        return fine("model", detail)
    hint = "" if found else f"for a real model set {_choices()}, or BATON_MODEL"
    return fine("model", f"{detail} (demonstration: it follows scripts)", hint=hint)


def _choices() -> str:
    return ", ".join(provider.variable for provider in PROVIDERS)


def _lacking_keys(tiers: Iterable[Tier], environment: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that first choices need and that are not set, each with its model."""
    lacking: dict[str, str] = {}
    for tier in tiers:
        first = tier.models[0]
        for provider in PROVIDERS:
            ours = first.name.partition("/")[0] == provider.otherwise.partition("/")[0]
            if ours and first.api_key is None and not environment.get(provider.variable):
                lacking[provider.variable] = first.name
    # A local Ollama answers at its usual address without any variable.
    return {name: model for name, model in lacking.items() if name.endswith("_KEY")}
