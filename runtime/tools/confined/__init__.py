"""Code that somebody else wrote, run where it can do nothing but compute.

``confinement.py`` is what callers use: a ``Job`` in, ``Finished`` out. ``inside.py`` is the first
thing that runs in the new process and builds the walls around itself; ``calls.py`` says which
system calls are left; ``limits.py`` how much of everything; ``pipes.py`` carries the bytes.
"""

from runtime.tools.confined.confinement import Confinement, Ended, Finished, Job, python
from runtime.tools.confined.limits import Limits

__all__ = ["Confinement", "Ended", "Finished", "Job", "Limits", "python"]
