"""What a long job says of its progress, in its log."""

import time

EVERY = 3.0  # seconds; a job that is done before says nothing


def progress(epochs, clock=time.monotonic):
    """A function to call after each epoch, with its number and the replicas' losses."""
    start = said = clock()

    def tell(epoch, losses):
        nonlocal said
        now = clock()
        if now - said < EVERY:
            return
        said = now
        left = (now - start) / epoch * (epochs - epoch)
        loss = losses.nanmedian().item()
        print(f"epoch {epoch} of {epochs}: median loss {loss:.4g}, {left:.0f} s left", flush=True)

    return tell
