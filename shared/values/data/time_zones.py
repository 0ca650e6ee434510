#!/usr/bin/env python3
"""Makes time_zones.tsv, the rules of time zones: python3 shared/values/data/time_zones.py

Source: the IANA time zone database (public domain), as the package tzdata has it in compiled form. pip fetches the pinned release; a build
needs none of it. The zones of countries change some times a year: take the next release of tzdata, run this, and deploy.

The table is small, because it begins in the year before souk had its first order: what was in force earlier is left out.
"""

import io
import struct
import subprocess
import sys
import tempfile
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

RELEASE = "tzdata==2026.6"
BEGIN = datetime(2025, 1, 1, tzinfo=timezone.utc)
# A zone without a rule, such as one that follows the Islamic calendar, has a list of its changes up to this year.
END = datetime(2061, 1, 1, tzinfo=timezone.utc)
DAYS = [BEGIN + timedelta(days=day) for day in range((END - BEGIN).days)]
HEADER = """\
# Rules of time zones from {begin} on. Made by time_zones.py; do not edit.
# Source: the IANA time zone database (public domain), in {release}.
# Columns: the offset from UTC in minutes; the other offset of the year, when it begins and when it ends, as month.week.weekday/minutes (week
# 5 is the last, weekday 0 is Sunday, minutes are those of the clock before the change); changes without a rule, as minutes since
# 1970 and the offset from then on; the names of the zones.
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, RELEASE], check=True)
        package = zipfile.ZipFile(next(Path(folder).glob("*.whl")))
    names = package.read("tzdata/zones").decode().split()
    zones = {}
    for name in names:
        zones.setdefault(rules(package.read(f"tzdata/zoneinfo/{name}"), name), []).append(name)
    lines = ["\t".join([*rule, " ".join(names)]) for rule, names in sorted(zones.items(), key=lambda zone: zone[1])]
    path = Path(__file__).with_suffix(".tsv")
    path.write_text(HEADER.format(begin=BEGIN.date(), release=RELEASE) + "\n".join(lines) + "\n")
    print(f"{len(names)} zones, {len(lines)} rules, {path.stat().st_size} bytes")


def rules(content, name):
    """The columns of a zone."""
    footer = content.rstrip(b"\n").rsplit(b"\n", 1)[1].decode()
    zone = ZoneInfo.from_file(io.BytesIO(content), name)
    standard, other = parse_rule(footer)
    changes = []
    listed = [at for at in transitions(content) if BEGIN <= at < END]
    by_rule = ZoneInfo.from_file(io.BytesIO(only_rule(footer)), name)
    # A change that the rule has and the zone leaves out is in no list, so each day is compared.
    moments = sorted({*DAYS, *(at for moment in listed for at in around(moment))})
    differing = [at for at in moments if offset(at, zone) != offset(at, by_rule)]
    if differing:
        end = differing[-1] + timedelta(days=1)
        begins = [BEGIN, *(at for at in listed if at < end)]
        # The rule holds from the last change of the list on.
        if other and begins[-1] <= differing[-1]:
            begins.append(end)
        changes = [(at, offset(at, zone)) for at in begins]
    column = ",".join(f"{int(at.timestamp()) // 60}={minutes(found)}" for at, found in changes)
    return (str(standard), other, column)


def around(moment):
    return (at for at in (moment - timedelta(minutes=1), moment) if at >= BEGIN)


def offset(at, zone):
    """The offset at a moment. The zone alone would read the fields of the moment as its own time."""
    return at.astimezone(zone).utcoffset()


def minutes(offset):
    return int(offset.total_seconds()) // 60


def transitions(content):
    """The moments at which the zone changes, from the second part of a TZif file (RFC 9636, 3)."""
    counts = struct.unpack(">6l", content[20:44])
    utc, standard, leaps, times, types, letters = counts
    second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc
    times = struct.unpack(">6l", content[second + 20 : second + 44])[3]
    begin = second + 44
    seconds = struct.unpack(f">{times}q", content[begin : begin + times * 8])
    return [datetime.fromtimestamp(at, timezone.utc) for at in seconds if at > 0]


def only_rule(footer):
    """A TZif file that has only the rule of the footer."""
    part = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 1) + struct.pack(">lbb", 0, 0, 0) + b"\0"
    return part + part + b"\n" + footer.encode() + b"\n"


def parse_rule(footer):
    """The offset and the other offset of the year of a POSIX rule (`CET-1CEST,M3.5.0,M10.5.0/3`)."""
    zone, *rule = footer.split(",")
    standard, rest = parse_offset(skip_name(zone))
    if not rest:
        return standard, ""
    rest = skip_name(rest)
    other = parse_offset(rest)[0] if rest else standard + 60
    begin, end = (parse_date(date) for date in rule)
    return standard, f"{other},{begin},{end}"


def skip_name(text):
    if text.startswith("<"):
        return text[text.index(">") + 1 :]
    return text.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def parse_offset(text):
    """Minutes east of UTC; POSIX counts them to the west."""
    length = next((index for index, character in enumerate(text) if character not in "+-0123456789:"), len(text))
    return -parse_minutes(text[:length]), text[length:]


def parse_minutes(text):
    hours, *rest = text.lstrip("+-").split(":")
    total = int(hours) * 60 + (int(rest[0]) if rest else 0)
    return -total if text.startswith("-") else total


def parse_date(text):
    date, _, time = text.partition("/")
    return f"{date.removeprefix('M')}/{parse_minutes(time or '2')}"


if __name__ == "__main__":
    main()
