"""Starting and stopping the programs of a stack as a whole."""

from contextlib import contextmanager

from emulator import Emulator, FakeProvider, FaultProxy, LocalStripe, OpenIdProvider
from steps import say, step


def programs(profile):
    """All programs of a profile in the order in which they start; the emulator is the first."""
    if profile.name == "up":
        return [Emulator(profile), LocalStripe(profile), OpenIdProvider(profile)]
    openid = [OpenIdProvider(profile)] if profile.openid_port else []
    return [Emulator(profile), FakeProvider(profile), FaultProxy(profile), *openid]


def start(profile):
    """Starts what does not run yet. Ports first: nothing is started when one of them is taken."""
    everything = programs(profile)
    missing = [program for program in everything if not program.running()]
    for program in missing:
        program.check_port()
    for program in missing:
        with step(f"Start {program.name} (port {program.port})"):
            program.launch()
    return everything


def stop(profile, quietly=False):
    for program in reversed(programs(profile)):
        if program.stop() and not quietly:
            say(f"  stopped {program.name} (port {program.port})")


@contextmanager
def whole_or_nothing(profile):
    """If the block fails, what it started is stopped; what ran before it goes on."""
    before = {program.name for program in programs(profile) if program.running()}
    try:
        yield
    except BaseException:
        for program in reversed(programs(profile)):
            if program.name not in before:
                program.stop()
        raise
