//! The places of `beffroi match`: exact points with a radius, and ground bounded by lines, each with its id.

use crate::audience::points::{Ground, Point};
use crate::geo::region::Region;

/// Faults told one by one; what comes after is counted.
const FAULTS_MAX: usize = 20;
/// No two points on Earth are further apart, kilometres (half a meridian, and a hair).
pub const RADIUS_KM_MAX: f64 = 20_004.0;
/// Longest id, bytes.
pub const ID_BYTES_MAX: usize = 1 << 16;

/// What kind a place is. Each kind is numbered by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Point,
    /// A rectangle along parallels and meridians, as a cell of the grid is one.
    Cell,
    Region,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Point, Self::Cell, Self::Region];
}

/// Places in the order of their file. Ids lie in the file itself, so that ten million cost eight bytes each.
#[derive(Debug, Default)]
pub struct Places {
    text: Vec<u8>,
    /// Ids that do not stand in the file as they are.
    unfolded: Vec<u8>,
    ids: [Vec<Span>; 3],
    pub points: Vec<Point>,
    pub cells: Vec<Ground>,
    pub regions: Vec<Region>,
}

/// Where an id stands: the upper bits are its beginning, in the file or, past its end, among the unfolded; the lower
/// are its length.
#[derive(Debug, Clone, Copy)]
struct Span(u64);

impl Span {
    const LENGTH_BITS: u32 = 17;

    fn new(from: usize, length: usize) -> Self {
        Self((from as u64) << Self::LENGTH_BITS | length as u64)
    }

    fn range(self) -> std::ops::Range<usize> {
        let from = (self.0 >> Self::LENGTH_BITS) as usize;
        from..from + (self.0 & ((1 << Self::LENGTH_BITS) - 1)) as usize
    }
}

impl Places {
    pub fn of(text: Vec<u8>) -> Self {
        Self { text, ..Self::default() }
    }

    /// The file, while its places are read.
    pub fn take_text(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text)
    }

    pub fn give_text(&mut self, text: Vec<u8>) {
        self.text = text;
    }

    /// A point whose id stands in the file as it is.
    pub fn point_at(&mut self, from: usize, length: usize, point: Point) {
        self.points.push(point);
        self.ids[Kind::Point as usize].push(Span::new(from, length));
    }

    pub fn point(&mut self, id: &[u8], file_bytes: usize, point: Point) {
        self.points.push(point);
        self.unfold(Kind::Point, id, file_bytes);
    }

    pub fn cell(&mut self, id: &[u8], cell: Ground) {
        self.cells.push(cell);
        self.unfold(Kind::Cell, id, 0);
    }

    pub fn region(&mut self, id: &[u8], region: Region) {
        self.regions.push(region);
        self.unfold(Kind::Region, id, 0);
    }

    fn unfold(&mut self, kind: Kind, id: &[u8], file_bytes: usize) {
        self.ids[kind as usize].push(Span::new(file_bytes + self.unfolded.len(), id.len()));
        self.unfolded.extend_from_slice(id);
    }

    pub fn len(&self) -> usize {
        self.ids.iter().map(Vec::len).sum()
    }

    /// The id of the place of this number of its kind.
    pub fn id(&self, kind: Kind, number: u32) -> &[u8] {
        let range = self.ids[kind as usize][number as usize].range();
        match range.start.checked_sub(self.text.len()) {
            None => &self.text[range],
            Some(from) => &self.unfolded[from..range.end - self.text.len()],
        }
    }

    /// Memory of where ids are, bytes; the file itself not counted.
    pub fn id_bytes(&self) -> usize {
        self.ids.iter().map(|ids| size_of_val(&ids[..])).sum::<usize>() + self.unfolded.len()
    }
}

/// What is wrong with a file of places: line, what, and how to mend it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Faults {
    told: Vec<String>,
    more: usize,
}

impl Faults {
    pub fn add(&mut self, line: usize, what: impl FnOnce() -> String) {
        if self.told.len() < FAULTS_MAX {
            self.told.push(format!("line {line}: {}", what()));
        } else {
            self.more += 1;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}

impl std::fmt::Display for Faults {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.told.join("\n"))?;
        if self.more > 0 { write!(formatter, "\nand {} more", self.more) } else { Ok(()) }
    }
}

/// A point, or what is wrong with its numbers. Longitudes of 180 to 360 mean those of −180 to 0.
pub fn exact(lat: f64, lon: f64, radius_km: f64) -> Result<Point, String> {
    if !(-90.0..=90.0).contains(&lat) {
        let swapped = if (-90.0..=90.0).contains(&lon) && (-360.0..=360.0).contains(&lat) {
            " (are latitude and longitude swapped?)"
        } else {
            ""
        };
        return Err(format!("latitude {lat} is not within −90 to 90 degrees{swapped}"));
    }
    if !(-180.0..=360.0).contains(&lon) {
        return Err(format!("longitude {lon} is not within −180 to 180 degrees"));
    }
    if !(0.0..=RADIUS_KM_MAX).contains(&radius_km) {
        return Err(format!("radius {radius_km} is not within 0 to {RADIUS_KM_MAX} kilometres"));
    }
    Ok(Point { lat, lon, radius_km })
}

/// What is wrong with an id. One a line is printed.
pub fn id_fault(id: &[u8]) -> Option<String> {
    if id.is_empty() {
        Some("the id is empty: every place needs one".to_owned())
    } else if id.len() > ID_BYTES_MAX {
        Some(format!("the id is longer than {ID_BYTES_MAX} bytes: shorten it"))
    } else if memchr::memchr2(b'\n', b'\r', id).is_some() {
        Some("the id has a line break in it, but ids are printed one a line: take it out".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_the_file_and_beside_it() {
        let point = Point { lat: 1.0, lon: 2.0, radius_km: 3.0 };
        let mut places = Places::of(b"abc,1,2".to_vec());
        let text = places.take_text();
        places.point_at(0, 3, point);
        places.point(b"un\"folded", text.len(), point);
        places.give_text(text);
        assert_eq!(places.id(Kind::Point, 0), b"abc");
        assert_eq!(places.id(Kind::Point, 1), b"un\"folded");
        assert_eq!(places.len(), 2);
    }

    #[test]
    fn numbers_out_of_range_are_told_in_words() {
        assert!(exact(91.0, 0.0, 0.0).expect_err("a fault").contains("latitude 91"));
        assert!(exact(-120.0, 45.0, 0.0).expect_err("a fault").contains("swapped"));
        assert!(exact(0.0, 361.0, 0.0).expect_err("a fault").contains("longitude 361"));
        assert!(exact(0.0, f64::NAN, 0.0).is_err());
        assert!(exact(0.0, 0.0, -1.0).expect_err("a fault").contains("radius -1"));
        let point = Point { lat: 0.0, lon: 190.0, radius_km: 1.5 };
        assert_eq!(exact(0.0, 190.0, 1.5), Ok(point));
    }

    #[test]
    fn only_the_first_faults_are_told_one_by_one() {
        let mut faults = Faults::default();
        (1..=FAULTS_MAX + 2).for_each(|line| faults.add(line, || "bad".to_owned()));
        let told = faults.to_string();
        assert!(told.starts_with("line 1: bad\nline 2: bad\n") && told.ends_with("\nand 2 more"), "{told}");
    }
}
