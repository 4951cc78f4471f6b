"""Mistakes that geofences make, planted into what Beffroi is asked: the oracle must object to each."""

import math


def last_polygon_dropped(areas):
    """An area's last polygon is forgotten, unless it is the alert's only one."""
    alone = sum(len(area.get("rings", [])) for area in areas) < 2
    return areas if alone else [*areas[:-1], areas[-1] | {"rings": areas[-1].get("rings", [])[:-1]}]


def circle_as_planar_ring(areas):
    """As many degrees in every direction, parallels shortened as at the centre."""
    return _each_circle(areas, _planar)


def circle_as_box(areas):
    return _each_circle(areas, _box)


def hole_ignored(areas):
    return [{name: value for name, value in area.items() if name != "holes"} for area in areas]


def only_one_side_of_180(areas):
    """A ring that jumps at ±180° ends there."""
    return [area | {"rings": [_one_side(ring) for ring in area.get("rings", [])]} for area in areas]


def _each_circle(areas, draw):
    of = lambda area: area.get("rings", []) + [draw(*circle) for circle in area.get("circles", [])]
    return [{"rings": of(area)} | ({"holes": area["holes"]} if "holes" in area else {}) for area in areas]


def _planar(centre, radius_km):
    lat, lon = centre
    reach = max(radius_km, 1e-3) / 111.195
    wide = reach / max(math.cos(math.radians(lat)), 1e-3)
    angles = [2 * math.pi * (nth % 360) / 360 for nth in range(361)]
    return _fit([(lat + reach * math.sin(angle), lon + wide * math.cos(angle)) for angle in angles])


def _box(centre, radius_km):
    lat, lon = centre
    high = max(radius_km, 1e-3) / 111.195
    wide = high / max(math.cos(math.radians(lat)), 1e-3)
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return _fit([(lat + y * high, lon + x * wide) for y, x in corners])


def _fit(pairs):
    return [(max(-90.0, min(90.0, lat)), (lon + 180) % 360 - 180) for lat, lon in pairs]


def _one_side(ring):
    jumps = any(180 < abs(a[1] - b[1]) < 360 for a, b in zip(ring, ring[1:]))
    return [(lat, lon if lon > 0 else 180.0) for lat, lon in ring] if jumps else ring


ALL = {
    mistake.__name__: mistake
    for mistake in [last_polygon_dropped, circle_as_planar_ring, circle_as_box, hole_ignored, only_one_side_of_180]
}
