"""The list of the stack's resources: template.yaml with its loops and SAM's own resources expanded, compared with infra/resources.golden.

A logical id that is lost or renamed deletes the resource and its data, and the loops of the template hide that from a reader.
"""

from steps import ROOT, Failure, display_path
from translated import parameters, translated

GOLDEN = ROOT / "infra" / "resources.golden"


def check():
    """Fails if the resources are not those of the golden file. Returns a note with their number."""
    expected, actual = GOLDEN.read_text().splitlines(), listing()
    lines = [f"- {line}" for line in expected if line not in actual] + [f"+ {line}" for line in actual if line not in expected]
    if lines:
        raise Failure(
            "The resources of template.yaml are not those of "
            f"{display_path(GOLDEN)}. A resource with another logical id is a new one, and the old one is deleted with its data:\n"
            + "\n".join(lines)
            + "\nIf this is intended, run `python3 infra/local/souk.py resources` and commit the file."
        )
    return f"{len(actual)} resources"


def write():
    """Writes the golden file."""
    GOLDEN.write_text("\n".join(listing()) + "\n")


def listing():
    """One line for each resource: its type and its logical id, sorted."""
    resources = translated(parameters())["Resources"]
    return sorted(f"{resource['Type']} {logical}" for logical, resource in resources.items())
