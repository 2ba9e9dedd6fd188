"""Leave out of garbage collection what a process has loaded and keeps."""

from __future__ import annotations

import gc


def settle() -> None:
    """Collect once, and let no later collection look at what is left.

    Modules and their tables are some hundred thousand objects in a front, and more with a model
    library: looking at them all again holds up every request meanwhile, and finds nothing.
    """
    gc.collect()
    gc.freeze()
