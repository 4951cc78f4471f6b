"""Whether someone could be in an area: the answer of shapely (planes) and of GeographicLib as pyproj has it (geodesics).

Nothing here knows how Beffroi decides. The area is a union of grounds; edges are straight in latitude and longitude
(RFC 7946 §3.1.1), distances are geodesic on WGS 84.

- What a ring goes around, in either direction, is inside; what lies on a border too. Planes answer this.
- Else what counts is the distance to a border. A border is a curve, known by how long it is at most between two of its
  points: from one point's distance follows how near the rest can be at all. Pieces that may matter are halved until
  none does (`_Search`). The bound holds for every piece; the answer is no sampling.
"""

import math

import numpy as np
import pyproj
import shapely
import shapely.affinity
from shapely.geometry import LineString, Point, Polygon

GEOD = pyproj.Geod(ellps="WGS84")
# Metres a degree of latitude, or of longitude × cos(latitude), has at most: WGS 84 at the poles, and a hair.
DEGREE_M = 111_695.0
# Both answers are right this far outside of the border, metres.
BAND_M = 1.0
# Pieces shorter than this are not halved, metres: the answer is then known to half of that.
PIECE_M = 0.02
# Pairs of places and pieces looked at in one go.
PAIRS = 2_000_000

NO, BAND, YES = 0, 1, 2


def unwrapped(ring):
    """A ring of (lat, lon) as a closed one of (lon, lat) without jumps at ±180°. Each edge goes the short way; exactly
    360° is the full band, but where only one edge is, and no meridian leads from both its ends, it is none. One that
    ends whole turns away is closed over the pole that it lies closer to."""
    points = [(ring[0][1], ring[0][0])]
    steps = [b[1] - a[1] for a, b in zip(ring, ring[1:]) if a != b]
    full = [nth for nth, step in enumerate(steps) if abs(step) == 360]
    is_seam = len(full) == 1 and (steps[full[0] - 1] != 0 or steps[(full[0] + 1) % len(steps)] != 0)
    for (_, before), (lat, lon) in zip(ring, ring[1:]):
        step = lon - before
        if is_seam and abs(step) == 360:
            step = 0
        while 180 < step and step != 360:
            step -= 360
        while step < -180 and step != -360:
            step += 360
        points.append((points[-1][0] + step, lat))
    if abs(points[-1][0] - points[0][0]) > 1:
        pole = 90.0 if sum(lat for _, lat in points) > 0 else -90.0
        points += [(points[-1][0], pole), (points[0][0], pole), points[0]]
    else:
        points[-1] = points[0]
    return points


def ground(ring):
    """What a ring goes around, on the plane of longitude and latitude. Crossings are resolved: each face of the ring's
    lines is inside when the ring winds around it."""
    points = unwrapped(ring)
    simple = Polygon(points)
    if simple.is_valid:
        return simple
    faces = shapely.polygonize([shapely.unary_union(LineString(points))])
    return shapely.unary_union([face for face in faces.geoms if _winding(points, face.representative_point()) != 0])


def _winding(points, at):
    """How often closed lines go around a point, to the left less to the right."""
    turns = 0
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if (y0 <= at.y) != (y1 <= at.y):
            left = (x1 - x0) * (at.y - y0) - (at.x - x0) * (y1 - y0)
            turns += (left > 0) - (left < 0) if (y1 > y0) == (left > 0) else 0
    return turns


def rim(centre, radius_km):
    """A circle as a ring, for cutting: of circles up to 300 km nothing is lost that is wider than 3 cm."""
    count = 14_400
    lon, lat, _ = GEOD.fwd([centre[1]] * count, [centre[0]] * count, np.arange(count) * 360 / count, [radius_km * 1e3] * count)
    ring = list(zip(lat, lon))
    return ring + ring[:1]


class Curve:
    """A border, or a point: (lon, lat) at whole parameters, straight between."""

    def __init__(self, points, reach_m=0.0):
        self.lon, self.lat = np.array(points, dtype=float).T
        # What lies within this of the curve belongs to the area: the radius of a circle around its centre.
        self.reach_m = reach_m
        north = np.diff(self.lat)
        near = np.minimum(np.abs(self.lat[:-1]), np.abs(self.lat[1:]))
        near[self.lat[:-1] * self.lat[1:] < 0] = 0
        east = np.diff(self.lon) * np.cos(np.radians(near))
        self.length_m = np.concatenate([[0.0], np.cumsum(np.hypot(north, east) * DEGREE_M)])

    def at(self, along_m):
        """Longitude and latitude where the bound of the length is this."""
        return np.interp(along_m, self.length_m, self.lon), np.interp(along_m, self.length_m, self.lat)


class Truth:
    """The union of an alert's areas: each has rings, circles as ((lat, lon), radius_km), and rings that are left out
    of it."""

    def __init__(self, areas):
        self.planes, self.curves = [], []
        for area in areas:
            ground_of_area = [ground(ring) for ring in area.get("rings", [])]
            holes = [ground(ring) for ring in area.get("holes", [])]
            if holes:
                ground_of_area += [ground(rim(*circle)) for circle in area.get("circles", [])]
            for plane in ground_of_area:
                for hole in holes:
                    for turn in (-360, 0, 360):
                        plane = plane.difference(shapely.affinity.translate(hole, turn))
                self._add(plane)
            for (lat, lon), radius_km in area.get("circles", []) if not holes else []:
                self.curves.append(Curve([(lon, lat)], radius_km * 1_000.0))

    def _add(self, plane):
        shapely.prepare(plane)
        self.planes.append(plane)
        for part in getattr(plane, "geoms", [plane]):
            if isinstance(part, Polygon) and not part.is_empty:
                self.curves.extend(Curve(ring.coords) for ring in [part.exterior, *part.interiors])

    def of_points(self, lat, lon, radius_m):
        """For each point NO, BAND or YES."""
        answers = np.full(len(lat), NO)
        for plane in self.planes:
            for turn in (-720, -360, 0, 360, 720):
                answers[shapely.intersects_xy(plane, lon + turn, lat)] = YES
        return self._by_distance(answers, [Curve([(x, y)]) for x, y in zip(lon, lat)], radius_m)

    def of_cells(self, cells, radius_m):
        """The same for rectangles (south, west, north, east): whether anyone in one could be."""
        return self.of_grounds(shapely.box(*np.array([(w, s, e, n) for s, w, n, e in cells]).T), radius_m)

    def of_grounds(self, grounds, radius_m):
        """The same for polygons of (lon, lat) without holes."""
        answers = np.full(len(grounds), NO)
        for turn in (-720, -360, 0, 360, 720):
            moved = shapely.transform(grounds, lambda pairs, turn=turn: pairs + [turn, 0])
            for plane in self.planes:
                answers[shapely.intersects(plane, moved)] = YES
            for curve in self.curves:
                if len(curve.lon) == 1:
                    answers[shapely.intersects(moved, Point(curve.lon[0], curve.lat[0]))] = YES
        rims = [Curve(ground.exterior.coords) for ground in grounds]
        return self._by_distance(answers, rims, radius_m)

    def _by_distance(self, answers, rims, radius_m):
        for curve in self.curves:
            asked = np.flatnonzero(answers != YES)
            for some in np.array_split(asked, max(1, math.ceil(len(asked) / 20_000))):
                search = _Search(curve, [rims[nth] for nth in some], radius_m[some] + curve.reach_m)
                answers[some] = np.maximum(answers[some], search.run())
        return answers


class _Search:
    """Whether a curve comes within a distance of each of the places."""

    def __init__(self, curve, rims, within_m):
        self.curve, self.within_m = curve, within_m
        # All rims as one table, a row for each place: their points and the lengths up to them.
        self.rims = rims
        self.is_point = all(len(rim.lon) == 1 for rim in rims)
        self.rim_m = np.array([rim.length_m[-1] for rim in rims])
        self.answers = np.full(len(rims), NO)

    def run(self):
        places = np.arange(len(self.rims))
        nothing = np.zeros(len(self.rims))
        stack = [(places, nothing, nothing + self.curve.length_m[-1], nothing, self.rim_m)]
        while stack:
            place, from_m, to_m, rim_from_m, rim_to_m = stack.pop()
            open_yet = self.answers[place] != YES
            pieces = [values[open_yet] for values in (place, from_m, to_m, rim_from_m, rim_to_m)]
            stack.extend(self._halve(*pieces))
        return self.answers

    def _rim_at(self, place, along_m):
        if self.is_point:
            if not hasattr(self, "points"):
                self.points = np.array([(rim.lon[0], rim.lat[0]) for rim in self.rims]).reshape(-1, 2)
            return self.points[place].T
        found = [self.rims[nth].at(along) for nth, along in zip(place, along_m)]
        return np.array(found).reshape(-1, 2).T

    def _halve(self, place, from_m, to_m, rim_from_m, rim_to_m):
        """Asks the middle of each piece; what is left to ask."""
        if len(place) == 0:
            return
        lon, lat = self.curve.at((from_m + to_m) / 2)
        rim_lon, rim_lat = self._rim_at(place, (rim_from_m + rim_to_m) / 2)
        apart_m = GEOD.inv(lon, lat, rim_lon, rim_lat)[2]
        long_m, rim_long_m = to_m - from_m, rim_to_m - rim_from_m
        within_m = self.within_m[place]
        np.maximum.at(self.answers, place[apart_m <= within_m + BAND_M], BAND)
        np.maximum.at(self.answers, place[apart_m <= within_m - 1e-6], YES)
        # Nothing of the piece is nearer than this. Once in the band, only what is nearer still can change the answer.
        nearest_m = apart_m - (long_m + rim_long_m) / 2
        limit_m = within_m + np.where(self.answers[place] == NO, BAND_M, 0.0)
        left = (nearest_m <= limit_m) & (self.answers[place] != YES) & (np.maximum(long_m, rim_long_m) > PIECE_M)
        # What ends here undecided lies within a piece's length of the limit.
        ends = (nearest_m <= limit_m) & (self.answers[place] == NO) & ~left
        np.maximum.at(self.answers, place[ends], BAND)
        halves = np.flatnonzero(left)
        for part in np.array_split(halves, max(1, math.ceil(len(halves) / PAIRS))):
            along = long_m[part] >= rim_long_m[part]
            yield from self._halves(part, along, place, from_m, to_m, rim_from_m, rim_to_m)

    @staticmethod
    def _halves(part, along, place, from_m, to_m, rim_from_m, rim_to_m):
        middle_m, rim_middle_m = (from_m + to_m)[part] / 2, (rim_from_m + rim_to_m)[part] / 2
        first = (np.where(along, middle_m, to_m[part]), np.where(along, rim_to_m[part], rim_middle_m))
        second = (np.where(along, middle_m, from_m[part]), np.where(along, rim_from_m[part], rim_middle_m))
        yield (
            np.concatenate([place[part], place[part]]),
            np.concatenate([from_m[part], second[0]]),
            np.concatenate([first[0], to_m[part]]),
            np.concatenate([rim_from_m[part], second[1]]),
            np.concatenate([first[1], rim_to_m[part]]),
        )
