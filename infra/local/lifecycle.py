"""Starts and stops the programs of a stack."""

from contextlib import contextmanager

from emulator import Emulator, FakeProvider, FaultProxy, LocalStripe, OpenIdProvider
from steps import Failure, say, step


def programs(profile):
    """The programs of a profile in the order in which they start. The emulator is the first."""
    if profile.name == "up":
        return [Emulator(profile), LocalStripe(profile), OpenIdProvider(profile)]
    openid = [OpenIdProvider(profile)] if profile.openid_port else []
    return [Emulator(profile), FakeProvider(profile), FaultProxy(profile), *openid]


def start(profile):
    """Starts the programs that are not running. Starts none if one of the ports is in use."""
    all_programs = programs(profile)
    missing = [program for program in all_programs if not program.running()]
    for program in missing:
        program.check_port()
    for program in missing:
        with step(f"Start {program.name} (port {program.port})"):
            program.launch()
    return all_programs


def check_listeners(profile):
    """Fails if a program of the stack listens to other machines: it has no password, and functions run with its rights."""
    for program in programs(profile):
        if ports := program.open_ports():
            raise Failure(f"{program.name} listens on all addresses at port {', '.join(map(str, ports))}: local programs may listen on loopback only.")


def stop(profile, quietly=False):
    for program in reversed(programs(profile)):
        if program.stop() and not quietly:
            say(f"  stopped {program.name} (port {program.port})")


@contextmanager
def stop_on_failure(profile):
    """If the block fails, stops the programs that it started. Programs that ran before keep running."""
    before = {program.name for program in programs(profile) if program.running()}
    try:
        yield
    except BaseException:
        for program in reversed(programs(profile)):
            if program.name not in before:
                program.stop()
        raise
