"""The progress of a long job, printed into its log."""

import time
from collections.abc import Callable

import torch

EVERY = 3.0  # seconds between lines; a job that is done sooner prints none


def progress(
    epochs: int, clock: Callable[[], float] = time.monotonic
) -> Callable[[int, torch.Tensor], None]:
    """Return a function to call after each epoch, with its number and the replicas' losses."""
    start = last_line = clock()

    def report_epoch(epoch: int, losses: torch.Tensor) -> None:
        nonlocal last_line
        now = clock()
        if now - last_line < EVERY:
            return
        last_line = now
        left = (now - start) / epoch * (epochs - epoch)
        loss = losses.nanmedian().item()
        print(f"epoch {epoch} of {epochs}: median loss {loss:.4g}, {left:.0f} s left", flush=True)

    return report_epoch
