//! What the fuzzer runs, and what the replay of its kept corpus runs on the real crate (../it/fuzz.rs). Each takes any
//! bytes and panics when something that must hold does not.

use beffroi::cap::alert::{Alert, Point};
use beffroi::cap::finding::Level;
use beffroi::cap::signature::{PublicKey, Verdict};
use beffroi::cap::{self, Options, Profile, Reading};
use beffroi::geo::gazetteer::Gazetteer;
use beffroi::geo::rect::Rect;
use beffroi::geo::shape::Relation;
use std::fmt::Write;

/// Findings of one document: errors, the rest, and a line for what was left out of each, with room to spare.
const FINDINGS_MAX: usize = 1_000;
/// Characters of a path, a message or a fix: what a hostile document may make us say.
const WORDS_CHARS_MAX: usize = 4_000;
/// How far a mended ring may lie from what was written, metres.
const MENDING_M_MAX: f64 = 1.0;
/// An alert of our own, signed by `xmlsec1` with the key of the certificate beside it.
const SIGNED: &[u8] = include_bytes!("signed/alert.xml");
const CERTIFICATE: &[u8] = include_bytes!("signed/certificate.pem");
const SIGNER: &str = "met@vallonne.example";
/// Nearer than this to an edge a point is on the border, degrees.
const BORDER_DEG: f64 = 1e-6;
/// Points of which is asked whether a ring goes around them, besides those that its corners suggest.
const SAMPLES: usize = 16;
/// Points of one fuzzed ring.
const RING_POINTS_MAX: usize = 64;

/// Any bytes as a document: reading answers, and its answer holds together.
pub fn parse(bytes: &[u8]) {
    let reading = cap::read(bytes, &Options::default());
    let fatal = reading.findings.iter().any(|finding| finding.level == Level::Error && !finding.repaired);
    assert!(reading.alert.is_some() || fatal, "no alert, and no error that says why");
    assert!(!reading.ok() || reading.accepted(), "conforming, but not accepted");
    check_findings(&reading);
    if let Some(alert) = &reading.alert {
        check_alert(alert);
    }
}

/// Any bytes as a document or a feed: what `check` says agrees with what a server would say.
pub fn validate(bytes: &[u8]) {
    let options = Options::default();
    let survey = cap::survey(bytes, &options);
    let reading = cap::read(bytes, &options);
    assert!(survey.findings.len() <= FINDINGS_MAX);
    assert!(survey.readable <= survey.outlines.len());
    if reading.accepted() {
        assert!(survey.accepted(), "a server takes it, but check says that it would not");
        assert_eq!(survey.ok(), reading.ok(), "check and a server judge differently");
    }
    // Any one profile: which it is, the document says.
    let profile = Profile::ALL.get(bytes.len() % Profile::ALL.len()).copied();
    let asked = cap::survey(bytes, &Options { profile, ..options });
    assert_eq!(asked.readable, survey.readable, "what a profile asks for changes what is read");
    assert!(survey.ok() || !asked.ok(), "a profile forgives what breaks the standard");
}

/// A signed alert with changes made to it, or any bytes: what is valid is what was signed.
pub fn signature(bytes: &[u8]) {
    let options = pinned();
    let document = if bytes.first() == Some(&b'<') { bytes.to_vec() } else { changed(&mut Numbers { bytes }) };
    let reading = cap::read(&document, &options);
    check_findings(&reading);
    assert!(document != SIGNED || reading.signature == Verdict::Valid, "the signed alert itself is not valid");
    if reading.signature == Verdict::Valid {
        let signed = cap::read(SIGNED, &options).alert;
        assert_eq!(reading.alert, signed, "another alert than the signed one is valid");
    }
}

/// The one key that is known, pinned for its sender.
fn pinned() -> Options {
    let key = PublicKey::from_file(CERTIFICATE).expect("a certificate");
    let mut options = Options::default();
    options.trust.pin(SIGNER, key);
    options
}

/// The signed alert with parts cut out, doubled, moved or written over.
fn changed(numbers: &mut Numbers<'_>) -> Vec<u8> {
    let mut document = SIGNED.to_vec();
    while !numbers.bytes.is_empty() && document.len() < 4 * SIGNED.len() {
        let kind = numbers.byte();
        let at = usize::from(numbers.word().unsigned_abs()) % (document.len() + 1);
        let length = usize::from(numbers.byte()).min(document.len() - at);
        match kind % 4 {
            0 => drop(document.splice(at..at + length, [])),
            1 => {
                let part = document[at..at + length].to_vec();
                let to = usize::from(numbers.word().unsigned_abs()) % (document.len() + 1);
                document.splice(to..to, part);
            }
            2 => {
                let bits = numbers.byte();
                if let Some(byte) = document.get_mut(at) {
                    *byte ^= bits;
                }
            }
            _ => {
                let take = length.min(numbers.bytes.len()).min(32);
                let (new, rest) = numbers.bytes.split_at(take);
                numbers.bytes = rest;
                document.splice(at..at, new.iter().copied());
            }
        }
    }
    document
}

/// Bytes as rings, circles and cells: no ground is lost by mending, and what is said of a quad holds for its cells.
pub fn geometry(bytes: &[u8]) {
    let mut numbers = Numbers { bytes };
    let rings = rings(&mut numbers);
    let document = document(&rings);
    let reading = cap::read(document.as_bytes(), &Options::default());
    let Some(alert) = reading.alert.as_ref().filter(|_| reading.accepted()) else { return };
    let Some(shape) = Gazetteer::default().ground_of_alert(alert).shape else { return };
    for ring in &rings {
        let corners = ring.windows(3).map(|three| middle(three[0], three[2]));
        let any: Vec<Point> = (0..SAMPLES).map(|_| numbers.point((ring[0].lat, ring[0].lon), 0.037)).collect();
        for point in corners.chain(any).filter(|point| goes_around(ring, *point)) {
            assert!(shape.within(Rect::point(point.lat, point.lon), MENDING_M_MAX), "{point:?} is lost: {document}");
        }
    }
    let quad = numbers.quad();
    let relation = shape.relation(quad, 0.0);
    let (lat, lon) = quad.centre();
    for (lat, lon) in [(lat, lon), (quad.south, quad.west), (quad.north, quad.east)] {
        let touched = shape.contains(lat, lon);
        match relation {
            Relation::Inside => assert!(touched, "{lat},{lon} of a quad inside is not: {document}"),
            Relation::Apart | Relation::Near => assert!(!touched, "{lat},{lon} of a quad apart is inside: {document}"),
            Relation::Mixed => {}
        }
    }
}

fn middle(a: Point, b: Point) -> Point {
    Point { lat: a.lat.midpoint(b.lat), lon: a.lon.midpoint(b.lon) }
}

/// Whether a ring goes around a point, counted plainly: how often its edges, each the short way, cross the ray to the
/// east, north- and southward apart. Rings around a pole are not judged here: they do not close.
fn goes_around(ring: &[Point], point: Point) -> bool {
    let mut plain = vec![ring[0]];
    for ends in ring.windows(2) {
        let step = ends[1].lon - ends[0].lon;
        let short = if step.abs() > 180.0 && step.abs() < 360.0 { step - 360.0 * step.signum() } else { step };
        plain.push(Point { lat: ends[1].lat, lon: plain[plain.len() - 1].lon + short });
    }
    if (plain[0].lon - plain[plain.len() - 1].lon).abs() > 1e-9 {
        return false;
    }
    [-720.0, -360.0, 0.0, 360.0, 720.0].iter().any(|turn| {
        let lon = point.lon + turn;
        if plain.windows(2).any(|ends| is_on(ends[0], ends[1], Point { lat: point.lat, lon })) {
            return false;
        }
        let turns: i32 = plain
            .windows(2)
            .filter(|ends| (ends[0].lat <= point.lat) != (ends[1].lat <= point.lat))
            .map(|ends| {
                let share = (point.lat - ends[0].lat) / (ends[1].lat - ends[0].lat);
                let east = ends[0].lon + share * (ends[1].lon - ends[0].lon) > lon;
                i32::from(east) * if ends[1].lat > ends[0].lat { 1 } else { -1 }
            })
            .sum();
        turns != 0
    })
}

/// Whether a point is on an edge, or so near that rounding decides on which side it is.
fn is_on(a: Point, b: Point, point: Point) -> bool {
    let (east, north) = (b.lon - a.lon, b.lat - a.lat);
    let length = east * east + north * north;
    let along = ((point.lon - a.lon) * east + (point.lat - a.lat) * north) / length;
    let along = if length > 0.0 { along.clamp(0.0, 1.0) } else { 0.0 };
    let (far_east, far_north) = (point.lon - a.lon - along * east, point.lat - a.lat - along * north);
    far_east.hypot(far_north) < BORDER_DEG
}

fn check_findings(reading: &Reading) {
    assert!(reading.findings.len() <= FINDINGS_MAX);
    for finding in &reading.findings {
        assert!(finding.line >= 1 && finding.column >= 1 && finding.path.starts_with('/'), "{finding:?}");
        for words in [&finding.clause, &finding.message, &finding.fix] {
            assert!(!words.is_empty() && words.chars().count() <= WORDS_CHARS_MAX, "{finding:?}");
        }
        assert!(finding.path.chars().count() <= WORDS_CHARS_MAX, "{finding:?}");
    }
}

fn check_alert(alert: &Alert) {
    let areas = alert.infos.iter().flat_map(|info| &info.areas);
    for area in areas {
        for polygon in &area.polygons {
            let ring = polygon.ring();
            assert!(ring.len() >= 4 && ring.first() == ring.last(), "{ring:?}");
            for point in ring {
                assert!(point.lat.abs() <= 90.0 && point.lon.abs() <= 720.0, "{point:?}");
            }
        }
        for circle in &area.circles {
            assert!(circle.radius_km >= 0.0 && circle.center.lat.abs() <= 90.0, "{circle:?}");
        }
    }
}

/// Takes numbers from the front of the bytes; zero when there are none left.
struct Numbers<'a> {
    bytes: &'a [u8],
}

impl Numbers<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        first
    }

    fn word(&mut self) -> i16 {
        i16::from_le_bytes([self.byte(), self.byte()])
    }

    /// A point of a grid of the given steps: coarse ones make points meet and edges run over each other.
    fn point(&mut self, (lat, lon): (f64, f64), step: f64) -> Point {
        let (north, east) = (f64::from(self.word() % 64) * step, f64::from(self.word() % 64) * step);
        Point { lat: (lat + north).clamp(-90.0, 90.0), lon: (lon + east).clamp(-359.0, 359.0) }
    }

    fn quad(&mut self) -> Rect {
        let Point { lat, lon } = self.point((0.0, 0.0), 1.25);
        let (high, wide) = (f64::from(self.byte()) / 64.0, f64::from(self.byte()) / 64.0);
        Rect { south: lat, west: lon, north: (lat + high).min(90.0), east: lon + wide }
    }
}

fn rings(numbers: &mut Numbers<'_>) -> Vec<Vec<Point>> {
    const CENTRES: [(f64, f64); 6] =
        [(0.0, 0.0), (48.0, 2.0), (52.0, 179.9), (-16.5, -179.5), (89.0, 0.0), (-90.0, 10.0)];
    const STEPS: [f64; 4] = [0.001, 0.01, 0.5, 2.5];
    let count = 1 + usize::from(numbers.byte() % 3);
    let mut rings = Vec::new();
    for _ in 0..count {
        let centre = CENTRES[usize::from(numbers.byte()) % CENTRES.len()];
        let step = STEPS[usize::from(numbers.byte()) % STEPS.len()];
        let points = 3 + usize::from(numbers.byte()) % (RING_POINTS_MAX - 3);
        let mut ring: Vec<Point> = (0..points).map(|_| numbers.point(centre, step)).collect();
        ring.push(ring[0]);
        rings.push(ring);
    }
    rings
}

fn document(rings: &[Vec<Point>]) -> String {
    let mut polygons = String::new();
    for ring in rings {
        let pairs: Vec<String> = ring.iter().map(|point| format!("{},{}", point.lat, point.lon)).collect();
        write!(polygons, "<polygon>{}</polygon>", pairs.join(" ")).expect("writing to a string");
    }
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>f-1</identifier>\
         <sender>fuzz@vallonne.example</sender><sent>2026-03-01T14:30:00+01:00</sent><status>Actual</status>\
         <msgType>Alert</msgType><scope>Public</scope><info><category>Met</category><event>Storm</event>\
         <urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>\
         <expires>2026-03-01T20:30:00+01:00</expires>\
         <area><areaDesc>Here</areaDesc>{polygons}</area></info></alert>"
    )
}
