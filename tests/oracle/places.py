"""Places to ask, from a seed: most of them close to what could be decided wrongly."""

import math

import numpy as np
import pyproj

GEOD = pyproj.Geod(ellps="WGS84")
RADII_KM = [0.0, 0.0, 0.0, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 0.137, 3.3, 49.999]
# How far from where the answer changes, metres: on either side of the band around it, and well away.
OFFSETS_M = [0.0, 0.3, -0.3, 0.9, -0.9, 1.1, -1.1, 3.0, -3.0, 20.0, -20.0, 500.0, -500.0]


def points(random, areas, count):
    """Latitudes, longitudes and radii (km): near borders, near them by a radius, on corners, around, and everywhere."""
    found = [_one(random, areas) for _ in range(count)]
    lat, lon, radius_km = np.array(found).T
    return np.clip(lat, -90, 90), (lon + 180) % 360 - 180, radius_km


def cells(random, areas, count):
    """Rectangles (south, west, north, east) as the grid has them, and radii (km)."""
    found, radii = [], []
    for _ in range(count):
        lat, lon, radius_km = _one(random, areas)
        step = random.choice([720, 180, 20])
        row = max(-90 * step, min(90 * step - 1, math.floor(lat * step)))
        column = max(-180 * step, min(180 * step - 1, math.floor(((lon + 180) % 360 - 180) * step)))
        found.append((row / step, column / step, (row + 1) / step, (column + 1) / step))
        radii.append(radius_km)
    return found, np.array(radii)


def _one(random, areas):
    radius_km = random.choice(RADII_KM)
    roll = random.random()
    if roll < 0.08:
        return math.degrees(math.asin(random.uniform(-1, 1))), random.uniform(-180, 180), radius_km
    if roll < 0.10:
        return random.choice([90.0, -90.0, 89.9999, -89.9999]), random.uniform(-180, 180), radius_km
    if roll < 0.12:
        lat, _ = _on_border(random, random.choice(areas))
        return lat, random.choice([180.0, -180.0, 179.999999, -179.999999]), radius_km
    lat, lon = _on_border(random, random.choice(areas))
    if roll < 0.2:
        return lat, lon, radius_km
    if roll < 0.4:
        far_m = math.exp(random.uniform(0, math.log(3e5)))
    elif roll < 0.7:
        far_m = abs(random.choice(OFFSETS_M) + random.uniform(-0.2, 0.2))
    else:
        far_m = max(0.0, radius_km * 1_000 + random.choice(OFFSETS_M) + random.uniform(-0.2, 0.2))
    lon, lat, _ = GEOD.fwd(lon, lat, random.uniform(0, 360), far_m)
    return round(lat, 9), round(lon, 9), radius_km


def _on_border(random, area):
    """A point of the border, often near a corner."""
    rings = area.get("rings", []) + area.get("holes", [])
    rounds = area.get("circles", [])
    if not rings or (rounds and random.random() < 0.5):
        (lat, lon), radius_km = random.choice(rounds)
        lon, lat, _ = GEOD.fwd(lon, lat, random.uniform(0, 360), radius_km * 1_000)
        return lat, lon
    ring = random.choice(rings)
    nth = random.randrange(len(ring) - 1)
    (lat, lon), (next_lat, next_lon) = ring[nth], ring[nth + 1]
    step = next_lon - lon
    if abs(step) != 360:
        step = (step + 180) % 360 - 180
    share = random.choice([random.random(), random.random() ** 4, 0.0])
    return lat + share * (next_lat - lat), lon + share * step
