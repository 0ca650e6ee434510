"""SAM CLI, whose containers are in the network of this machine: `python infra/local/host_network.py local invoke …`.

The local stack listens on loopback only, which a container in a network of its own cannot reach. SAM has the option `--docker-network host`,
but ignores it (https://github.com/aws/aws-sam-cli/pull/7278).
"""

from docker.models.containers import ContainerCollection
from samcli.cli.main import cli
from samcli.local.docker.container import Container
from samcli.local.docker.utils import find_free_port

_create = ContainerCollection.create


def _create_in_host_network(self, image, command=None, **options):
    """No port of the container is mapped, so SAM's own port is the one that the container listens on. Both ports are on loopback."""
    interface, port = options.pop("ports")[Container.RAPID_PORT_CONTAINER]
    runtime_api = find_free_port(interface, start=9001, end=10_000)
    options["entrypoint"] += ["--runtime-interface-emulator-address", f"{interface}:{port}", "--runtime-api-address", f"{interface}:{runtime_api}"]
    return _create(self, image, command, network_mode="host", **options)


ContainerCollection.create = _create_in_host_network

if __name__ == "__main__":
    cli(prog_name="sam")
