#!/usr/bin/env python3
"""Makes common_passwords.bin, the passwords that nobody may choose: python3 shared/identity/data/common_passwords.py

Source: `common-passwords.txt.gz` of Django (BSD-3-Clause, Django Software Foundation and contributors), the 20,000 commonest of leaked
passwords, commonest first, gathered by Royce Williams; Django's own validator refuses the same ones. pip fetches the pinned release. What is
kept of each word is five bytes of a digest, so no text of the list is part of souk.

Those of fewer than eight characters are left out: they are refused anyway. All others stay, although the rule speaks of the commonest
10,000: the rest costs 20 KB. Five bytes: of a trillion good passwords, some 8,000 are refused by accident.
"""

import gzip
import hashlib
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from pathlib import Path

RELEASE = "django==5.2.19"
MEMBER = "django/contrib/auth/common-passwords.txt.gz"
SHA256 = "3c1baed62596de36860824eb3f436d5932d37ca8b06e59df78f5a44ec175afe4"
FEWEST_CHARACTERS = 8
DIGEST_BYTES = 5


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, RELEASE], check=True)
        packed = zipfile.ZipFile(next(Path(folder).glob("*.whl"))).read(MEMBER)
    if hashlib.sha256(packed).hexdigest() != SHA256:
        sys.exit(f"{MEMBER} of {RELEASE} is not the file that this script was written for.")
    words = {unicodedata.normalize("NFKC", word).lower() for word in gzip.decompress(packed).decode().splitlines()}
    chosen = (word for word in words if len(word) >= FEWEST_CHARACTERS)
    digests = sorted(hashlib.sha256(word.encode()).digest()[:DIGEST_BYTES] for word in chosen)
    Path(__file__).with_suffix(".bin").write_bytes(b"".join(digests))
    print(f"{len(digests)} passwords")


if __name__ == "__main__":
    main()
