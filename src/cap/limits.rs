//! How much of a document we are willing to look at. Every bound is here, so that reading stays bounded whatever comes.

/// Longest alert, bytes. The largest real ones we know, with a sound embedded, are below.
pub const BYTES_MAX: usize = 1024 * 1024;
/// Longest feed or envelope, bytes. The largest real one we know has 1.6 MB.
pub const FEED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Deepest nesting of elements. CAP itself needs five levels, a signature about ten.
pub const DEPTH_MAX: usize = 32;
/// Elements in all, those of a signature included.
pub const ELEMENTS_MAX: usize = 100_000;
/// Attributes of one element.
pub const ATTRIBUTES_MAX: usize = 32;
/// Longest run of attributes in one tag, bytes.
pub const ATTRIBUTES_BYTES_MAX: usize = 8 * 1024;
/// Namespace declarations in force at once: every prefix is looked up among them. Envelopes have about ten.
pub const NAMESPACES_MAX: usize = 64;
/// Alerts of one feed. National feeds have some hundreds, all of NWS some thousands.
pub const ALERTS_MAX: usize = 5_000;
/// `info` elements: more than the languages any authority writes in.
pub const INFOS_MAX: usize = 128;
/// `area` elements of the whole alert.
pub const AREAS_MAX: usize = 10_000;
/// Earlier messages that one alert names: each is looked up.
pub const REFERENCES_MAX: usize = 256;
/// How far a ring may wind in longitude, degrees: twice around, so that rings around a pole may overlap themselves.
pub const RING_WINDING_MAX_DEG: f64 = 720.0;
/// Polygons and circles of the whole alert.
pub const RINGS_MAX: usize = 10_000;
/// Points of all polygons together. The largest real polygon we know has 41,009.
pub const VERTICES_MAX: usize = 200_000;
/// Pairs of edges, or of boxes around them, looked at to see whether rings meet themselves, in the whole
/// document. A real polygon of 41,009 points needs less than a fifth.
pub const RING_PAIRS_MAX: usize = 3_000_000;
/// How many such pairs it counts as to work out where two edges that share no end meet.
pub const RING_MEETING_PAIRS: usize = 8;
/// Cuts of one edge by another in all rings together that are mended.
pub const RING_CUTS_MAX: usize = 20_000;
/// Points of all rings together that are mended. The largest real polygon we know has 41,009.
pub const RING_MENDED_VERTICES_MAX: usize = 50_000;
/// Pairs of polygons and circles of the whole alert whose boxes overlap; those that are the same in everything count
/// once. Neighbouring districts have some three each, the most of one real alert that we know are 61 of 25.
pub const OVERLAPS_MAX: usize = 30_000;
/// Holes of one area that are looked at. The German weather service, alone to write them, has a handful.
pub const HOLES_MAX: usize = 1_000;
/// Points of all holes of one area together.
pub const HOLE_POINTS_MAX: usize = 50_000;
/// Pairs of edges, or of boxes around them, looked at to take holes out of the ground of one alert or named area.
pub const HOLE_PAIRS_MAX: usize = 30_000_000;
/// Cuts of one edge by another that it may take.
pub const HOLE_CUTS_MAX: usize = 20_000;
/// Points of ground and holes together that it may take; a polygon counts as often as a hole meets it, a hole as often as
/// it is copied.
pub const HOLE_VERTICES_MAX: usize = 1_000_000;
/// Errors reported one by one, and as many warnings and notes; what comes after is counted.
pub const FINDINGS_MAX: usize = 200;
/// Characters of a document's own text quoted in a message.
pub const QUOTE_CHARS_MAX: usize = 60;
/// Characters of the XML parser's own words in a message: they may hold names of any length.
pub const ERROR_CHARS_MAX: usize = 200;
/// Signatures of one alert that are verified. NAADS has two.
pub const SIGNATURES_MAX: usize = 4;
/// Signatures verified in one document: a feed of signed alerts, yet a bounded time.
pub const SIGNATURE_CHECKS_MAX: usize = 64;
/// How many of these one by DSA counts for: it takes milliseconds.
pub const SIGNATURE_DSA_CHECKS: usize = 8;
/// Keys tried of those that a signature brings along.
pub const SIGNATURE_KEYS_MAX: usize = 4;
/// Prefixes that an exclusive canonicalisation may name.
pub const SIGNATURE_PREFIXES_MAX: usize = 16;
/// What is canonicalised for all signatures of one document, bytes: one declaration, used often, makes a short document
/// endless.
pub const CANONICAL_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Bounds on one reading. The default is right for a server; tests make it smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of one alert.
    pub bytes_max: usize,
    /// Of a document that may be a feed of alerts.
    pub feed_bytes_max: usize,
    pub depth_max: usize,
    pub elements_max: usize,
    pub attributes_max: usize,
    pub alerts_max: usize,
    pub infos_max: usize,
    pub areas_max: usize,
    pub rings_max: usize,
    pub vertices_max: usize,
    pub ring_pairs_max: usize,
    pub overlaps_max: usize,
    /// Of errors; and again of warnings and notes together.
    pub findings_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: BYTES_MAX,
            feed_bytes_max: FEED_BYTES_MAX,
            depth_max: DEPTH_MAX,
            elements_max: ELEMENTS_MAX,
            attributes_max: ATTRIBUTES_MAX,
            alerts_max: ALERTS_MAX,
            infos_max: INFOS_MAX,
            areas_max: AREAS_MAX,
            rings_max: RINGS_MAX,
            vertices_max: VERTICES_MAX,
            ring_pairs_max: RING_PAIRS_MAX,
            overlaps_max: OVERLAPS_MAX,
            findings_max: FINDINGS_MAX,
        }
    }
}
