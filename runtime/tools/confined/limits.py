"""How much of everything a confined process may use."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The kernel holds them; whoever reaches one is stopped or refused, never slowed down."""

    seconds: float = 10.0
    """Time on the wall; at its end everything the job began is killed."""
    cpu_seconds: int = 10
    memory_bytes: int = 512 * MIB
    """Address space of each process."""
    scratch_bytes: int = 64 * MIB
    """The folder it may write to, where the kernel gives it one of its own; of each file else."""
    output_bytes: int = 1 * MIB
    """What is read of its output, and of its errors; a job that says more is stopped."""
    open_files: int = 64
    processes: int = 0
    """Further processes it may have, besides 32 threads; with none it cannot even ask for one.
    Any at all need a kernel that gives it a process table of its own."""
