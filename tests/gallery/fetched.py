"""What Microsoft publishes about cards and apps, fetched once, by version and digest."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "node_modules" / "gallery"
"""Of no repository: what is fetched stays on the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One file of one npm package."""

    name: str
    version: str
    sha512: str
    file: str


RENDERER = Package(
    name="adaptivecards",
    version="3.0.6",
    sha512="WDCIb2WXZ7cOHJ9HIHRNdhSt861HySVOdN2xPk2aKHAF3JvD8QGQ8/XcNFrDJxCteOog8MM7EBlXfSAR8JXKAg==",
    file="dist/adaptivecards.min.js",
)
HOST_CONFIG = Package(
    name="adaptivecards-designer",
    version="2.4.4",
    sha512="NhqlOr+rMmANEkZNeiuypYcwDPxTUB/i7la/O86gbpta6ApoEmaXbUwGZk3RRdhNC2Y4AYMAwGdoPN3mR3G14A==",
    file="lib/hostConfigs/microsoft-teams-light.json",
)

_MANIFEST_SHA512 = (
    "uXdmYzhIcchi3Tc9Sh3pTDMe55zy7ge19bnYCGB1gzuyha85Ii7wfdTruwEhqseaX9pwsWDRB5Ot/ltv0rCONw=="
)
MANIFEST_SCHEMAS = {
    version: Package(
        name="@microsoft/app-manifest",
        version="1.1.2",
        sha512=_MANIFEST_SHA512,
        file=f"build/json-schemas/teams/v{version}/MicrosoftTeams.schema.json",
    )
    for version in ("1.25", "1.29")
}
"""By the version of manifest that they describe."""


class MissingError(Exception):
    """Something that the gallery needs is not on this machine; says what to do."""


def fetched(package: Package) -> Path:
    """Give the file, from the folder or else from npm. Raises ``MissingError``."""
    target = FOLDER / f"{package.name}-{package.version}" / package.file
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        archive = _packed(package, target.parent)
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != package.sha512:
            raise MissingError(f"{package.name} {package.version} is not what it was when pinned")
        with tarfile.open(archive) as opened:
            found = opened.extractfile(f"package/{package.file}")
            if found is None:
                raise MissingError(f"{package.name} {package.version} has no {package.file}")
            target.write_bytes(found.read())
        archive.unlink()
    return target


def browser() -> str:
    """Give the path of a Chromium. Raises ``MissingError``."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise MissingError("there is no Chromium here; install one, for example: apt install chromium")


def _packed(package: Package, folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise MissingError("there is no npm here; install Node.js with it")
    wanted = f"{package.name}@{package.version}"
    ended = subprocess.run(
        [npm, "pack", wanted, "--silent"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if ended.returncode:
        raise MissingError(f"npm could not fetch {wanted}: {ended.stderr.strip()[:300]}")
    return folder / ended.stdout.split()[-1]
