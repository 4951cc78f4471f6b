"""What `beffroi match` says, and what it is asked: CAP and files of places."""

import json
import subprocess
from pathlib import Path

CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>oracle</identifier><sender>oracle@beffroi.example</sender>
<sent>2026-06-01T12:00:00-00:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>en-GB</language><category>Met</category><event>Storm</event><urgency>Immediate</urgency>
<severity>Severe</severity><certainty>Likely</certainty>{areas}</info></alert>
"""


def number(value):
    """As few digits as tell it apart from every other, never with an exponent."""
    text = repr(float(value))
    return format(value, ".12f") if "e" in text else text


def pairs(ring):
    return " ".join(f"{number(lat)},{number(lon)}" for lat, lon in ring)


def cap(areas):
    """An alert over these areas."""
    texts = []
    for area in areas:
        parts = [f"<polygon>{pairs(ring)}</polygon>" for ring in area.get("rings", [])]
        parts += [f"<circle>{pairs([centre])} {number(radius)}</circle>" for centre, radius in area.get("circles", [])]
        named = "<geocode><valueName>EXCLUDE_POLYGON</valueName><value>{}</value></geocode>"
        parts += [named.format(pairs(ring)) for ring in area.get("holes", [])]
        parts += [f"<{name}>{area[name + '_ft']}</{name}>" for name in ("altitude", "ceiling") if name + "_ft" in area]
        texts.append(f"<area><areaDesc>somewhere</areaDesc>{''.join(parts)}</area>")
    return CAP.format(areas="\n".join(texts))


def csv(lat, lon, radius_km):
    lines = (f"{nth},{number(a)},{number(b)},{number(r)}" for nth, (a, b, r) in enumerate(zip(lat, lon, radius_km)))
    return "\n".join(["id,lat,lon,radius_km", *lines, ""])


def geojson(cells, radius_km):
    lines = []
    for nth, ((south, west, north, east), radius) in enumerate(zip(cells, radius_km)):
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        feature = {"type": "Feature", "id": nth, "properties": {"radius_km": radius}, "geometry": geometry}
        lines.append(json.dumps(feature))
    return "\n".join([*lines, ""])


class Refused(Exception):
    """The alert is none that a server would take."""


def match(program, folder, alert, places):
    """The numbers of the places that are reached."""
    files = Path(folder) / "alert.xml", Path(folder) / "places"
    for file, text in zip(files, (alert, places)):
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    command = [*program, "match", "--alert", str(files[0]), "--places", str(files[1])]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode == 2:
        raise Refused(ran.stderr)
    if ran.returncode not in (0, 1):
        raise SystemExit(f"beffroi ended with {ran.returncode}: {ran.stderr}")
    return [int(line) for line in ran.stdout.splitlines()]
