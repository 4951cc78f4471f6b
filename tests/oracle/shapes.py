"""Areas of our own invention, from a seed: nasty ones, and plain ones everywhere. Each kind yields areas as `truth.Truth`
takes them. Coordinates have six decimals, so that CAP and the oracle read the same numbers."""

import math

DEGREE_M = 111_320.0


def _round(pairs):
    """Written coordinates, closed; longitudes beyond ±180° jump."""
    ring = []
    for lat, lon in pairs:
        lon = (lon + 180) % 360 - 180
        point = (round(max(-90.0, min(90.0, lat)), 6), round(lon, 6))
        if not ring or ring[-1] != point:
            ring.append(point)
    return ring if ring[0] == ring[-1] else ring + ring[:1]


def _centre(random, size_deg, lat_max=85.0):
    """Somewhere; one in four where ±180° runs through."""
    lat = random.uniform(-1, 1) * max(1.0, lat_max - size_deg)
    lon = random.choice([random.uniform(-180, 180)] * 3 + [180 + random.uniform(-1, 1) * size_deg])
    return lat, lon


def _size_deg(random, least_m=30.0, most_m=2e6):
    return math.exp(random.uniform(math.log(least_m), math.log(most_m))) / DEGREE_M


def _around(random, corners, size_deg, rough=0.7, centre=None):
    """A ring that sees its centre from everywhere."""
    lat, lon = centre or _centre(random, size_deg)
    wide = 1 / max(0.05, math.cos(math.radians(lat)))
    wide = min(wide, 80 / size_deg)
    angles = sorted(random.uniform(0, 2 * math.pi) for _ in range(corners))
    # Nowhere more than a third of a turn without a corner, so that the centre stays inside.
    angles += [nth * 2 * math.pi / 3 for nth in range(3)]
    pairs = []
    for angle in sorted(angles):
        reach = size_deg * random.uniform(1 - rough, 1)
        pairs.append((lat + reach * math.sin(angle), lon + wide * reach * math.cos(angle)))
    return _round(pairs)


def plain(random):
    return [{"rings": [_around(random, random.randint(3, 60), _size_deg(random))]}]


def tiny(random):
    return [{"rings": [_around(random, random.randint(3, 6), _size_deg(random, 2, 30), 0.3)]}]


def huge(random):
    return [{"rings": [_around(random, random.randint(5, 30), random.uniform(20, 60), 0.4, (random.uniform(-20, 20), random.uniform(-180, 180)))]}]


def sliver(random):
    lat, lon = _centre(random, 2)
    angle, long_deg = random.uniform(0, 2 * math.pi), _size_deg(random, 1_000, 300_000)
    wide_deg = random.uniform(1, 20) / DEGREE_M
    tip = (lat + long_deg * math.sin(angle), lon + long_deg * math.cos(angle))
    side = (lat + wide_deg * math.cos(angle), lon - wide_deg * math.sin(angle))
    return [{"rings": [_round([(lat, lon), tip, side])]}]


def star(random):
    """Crosses itself; the middle is gone around more than once."""
    corners = random.choice([5, 7, 9, 11])
    step = random.randint(2, corners // 2)
    size_deg = _size_deg(random, 200, 1e6)
    lat, lon = _centre(random, size_deg, 70)
    turn = random.uniform(0, 2 * math.pi)
    angles = [turn + 2 * math.pi * nth * step / corners for nth in range(corners)]
    return [{"rings": [_round([(lat + size_deg * math.sin(a), lon + size_deg * math.cos(a)) for a in angles])]}]


def tangle(random):
    size_deg = _size_deg(random, 500, 1e6)
    lat, lon = _centre(random, size_deg, 70)
    pairs = [(lat + random.uniform(-1, 1) * size_deg, lon + random.uniform(-1, 1) * size_deg) for _ in range(random.randint(4, 9))]
    return [{"rings": [_round(pairs)]}]


def bow_tie(random):
    size_deg = _size_deg(random, 200, 500_000)
    lat, lon = _centre(random, size_deg, 70)
    corners = [(-1, -1), (1, 1), (-1, 1), (1, -1)]
    return [{"rings": [_round([(lat + y * size_deg, lon + x * size_deg * random.uniform(0.5, 1)) for y, x in corners])]}]


def comb(random):
    """Long teeth close to each other."""
    size_deg = _size_deg(random, 1_000, 500_000)
    lat, lon = _centre(random, 3 * size_deg, 70)
    teeth = random.randint(4, 30)
    pairs = [(lat, lon)]
    for nth in range(teeth):
        pairs += [(lat + size_deg, lon + nth * size_deg / teeth), (lat + 0.1 * size_deg, lon + (nth + 0.4) * size_deg / teeth)]
    return [{"rings": [_round(pairs + [(lat, lon + size_deg)])]}]


def parallels(random):
    """Long edges along parallels at high latitudes, far from any great circle, and the same askew."""
    south = random.choice([-1, 1]) * random.uniform(40, 84)
    west, wide = random.uniform(-180, 180), random.uniform(5, 170)
    north = south + random.uniform(0.5, 5)
    askew = random.choice([0, random.uniform(-3, 3)])
    return [{"rings": [_round([(south, west), (south + askew, west + wide), (north + askew, west + wide), (north, west)])]}]


def around_a_pole(random):
    sign, turns = random.choice([-1, 1]), random.choice([-1, 1])
    corners, start = random.randint(4, 40), random.uniform(-180, 180)
    near, far = sorted(random.uniform(50, 89.99) for _ in range(2))
    pairs = [(sign * random.uniform(near, far), start + turns * nth * 360 / corners) for nth in range(corners)]
    return [{"rings": [_round(pairs)]}]


def to_a_pole(random):
    """Ends at a pole, as the sectors of the Antarctic do."""
    sign = random.choice([-1, 1])
    west, wide = random.uniform(-180, 180), random.uniform(1, 150)
    rim = sign * random.uniform(60, 89.9)
    return [{"rings": [_round([(sign * 90, west), (rim, west), (rim, west + wide), (sign * 90, west + wide)])]}]


def band(random):
    south = random.uniform(-85, 75)
    north = south + random.uniform(0.01, 10)
    return [{"rings": [[(south, -180.0), (south, 180.0), (north, 180.0), (north, -180.0), (south, -180.0)]]}]


def at_180(random):
    """Both ways to write what ±180° runs through: with a jump, and beyond 180."""
    size_deg = _size_deg(random, 500, 1e6)
    lat = random.uniform(-75, 75)
    lon = 180 + random.uniform(-1, 1) * size_deg
    return [{"rings": [_around(random, random.randint(4, 20), size_deg, 0.5, (lat, lon))]}]


def side_by_side_at_180(random):
    """Cut at ±180° as RFC 7946 wants it: the cut is no border."""
    south, wide = random.uniform(-75, 70), random.uniform(0.01, 5)
    north = south + random.uniform(0.01, 5)
    west = [(south, 180 - wide), (south, 180.0), (north, 180.0), (north, 180 - wide), (south, 180 - wide)]
    east = [(south, -180.0), (south, -180 + wide), (north, -180 + wide), (north, -180.0), (south, -180.0)]
    write = lambda ring: [(round(lat, 6), round(lon, 6)) for lat, lon in ring]
    return [{"rings": [write(west), write(east)]}]


def circles(random):
    some = []
    for _ in range(random.randint(1, 4)):
        radius_km = random.choice([0.0, 0.001, random.uniform(0, 1), random.uniform(1, 50), random.uniform(50, 3_000)])
        lat = random.choice([random.uniform(-90, 90), random.choice([-1, 1]) * random.uniform(88, 90)])
        some.append(((round(lat, 6), round(random.uniform(-180, 180), 6)), round(radius_km, 3)))
    return [{"circles": some}]


def great_circle(random):
    """Covers a great part of the Earth."""
    return [{"circles": [((round(random.uniform(-80, 80), 6), round(random.uniform(-180, 180), 6)), round(random.uniform(3_000, 15_000), 3))]}]


def holes(random):
    """Rings left out of an area, inside it and over its border; a second area over one of them."""
    size_deg = _size_deg(random, 2_000, 1e6)
    lat, lon = _centre(random, size_deg, 70)
    outer = _around(random, 12, size_deg, 0.3, (lat, lon))
    inner = _around(random, 6, size_deg * 0.5, 0.4, (lat, lon))
    across = _around(random, 5, size_deg * 0.4, 0.3, (lat + size_deg, lon))
    areas = [{"rings": [outer], "holes": random.choice([[inner], [inner, across]])}]
    if random.random() < 0.5:
        areas.append({"rings": [_around(random, 4, size_deg * 0.2, 0.2, (lat, lon))]})
    return areas


def holed_circle(random):
    """A circle with a ring left out that crosses its rim, and one inside it."""
    radius_km = random.uniform(1, 200)
    lat, lon = _centre(random, 4, 70)
    at = (round(lat, 6), round((lon + 180) % 360 - 180, 6))
    across = _around(random, 7, radius_km / 150, 0.4, (lat + radius_km / 111, lon))
    inside = _around(random, 5, radius_km / 300, 0.4, (lat - radius_km / 300, lon))
    return [{"circles": [(at, round(radius_km, 3))], "holes": random.choice([[across], [inside], [across, inside]])}]


def many_areas(random):
    size_deg = _size_deg(random, 2_000, 1e6)
    lat, lon = _centre(random, 3 * size_deg, 80)
    areas = []
    for _ in range(random.randint(2, 20)):
        at = (lat + random.uniform(-1, 1) * size_deg, lon + random.uniform(-2, 2) * size_deg)
        area = {"rings": [_around(random, random.randint(3, 15), size_deg * random.uniform(0.05, 0.6), 0.5, at)]}
        if random.random() < 0.3:
            area["circles"] = [((round(at[0], 6), round((at[1] + 180) % 360 - 180, 6)), round(size_deg * 40, 3))]
        areas.append(area)
    return areas


def many_vertices(random):
    """A ring of 45,000 points whose border is rough at every scale."""
    size_deg = _size_deg(random, 20_000, 1e6)
    lat, lon = _centre(random, size_deg, 70)
    waves = [(2**power, random.uniform(0, 7), 0.3 / 1.7**power) for power in range(1, 13)]
    pairs = []
    for nth in range(45_000):
        angle = 2 * math.pi * nth / 45_000
        reach = size_deg * (0.5 + 0.5 * sum(height * math.sin(often * angle + at) for often, at, height in waves))
        pairs.append((lat + reach * math.sin(angle), lon + reach * math.cos(angle)))
    return [{"rings": [_round(pairs)]}]


KINDS = [
    plain, tiny, huge, sliver, star, tangle, bow_tie, comb, parallels, around_a_pole, to_a_pole, band, at_180,
    side_by_side_at_180, circles, great_circle, holes, holed_circle,
    many_areas, many_vertices,
]
