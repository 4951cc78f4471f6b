//! Places as CSV (RFC 4180): a header that names `id`, `lat`, `lon` and, if wanted, `radius_km`, in any order.

use super::places::{Faults, Places, exact, id_fault};
use crate::audience::points::Point;
use memchr::{memchr, memchr2};
use std::borrow::Cow;

/// Columns looked at; further ones are passed over.
const COLUMNS_MAX: usize = 1_000;

/// Reads every line. `progress` is told now and then how many bytes are read.
pub fn read(text: Vec<u8>, mut progress: impl FnMut(usize)) -> Result<Places, Faults> {
    let mut places = Places::of(text);
    let text = places.take_text();
    let mut faults = Faults::default();
    let mut records = Records { text: &text, at: bom_bytes(&text), line: 1, delimiter: b',' };
    let mut fields = Vec::new();
    let columns = match records.next(&mut fields) {
        Some(Ok(line)) => Columns::of(&text, &fields).map_err(|fault| (line, fault)),
        Some(Err((line, fault))) => Err((line, fault.to_owned())),
        None => Err((1, format!("nothing stands here: {HEADER}"))),
    };
    let columns = match columns {
        Ok(columns) => columns,
        Err((line, fault)) => {
            faults.add(line, || fault);
            return Err(faults);
        }
    };
    let mut told = 0;
    while let Some(record) = records.next(&mut fields) {
        match record.map(|line| (line, columns.place(&text, &fields))) {
            Ok((_, Ok((Id::InFile(from, length), point)))) => places.point_at(from, length, point),
            Ok((_, Ok((Id::Unfolded(id), point)))) => places.point(&id, text.len(), point),
            Ok((line, Err(fault))) => faults.add(line, || fault),
            Err((line, fault)) => faults.add(line, || fault.to_owned()),
        }
        if records.at - told >= 1 << 24 {
            told = records.at;
            progress(told);
        }
    }
    places.give_text(text);
    if faults.is_empty() { Ok(places) } else { Err(faults) }
}

const HEADER: &str = "the first line must be the header id,lat,lon,radius_km";
const UNCLOSED: &str = "a quoted field never ends: close it with a quotation mark";
const BEHIND_MARK: &str = "something stands behind the closing quotation mark of a field: put the whole field in quotation marks, and double those within it";

/// The cells of one row of a table, as [`read`] takes them apart.
///
/// # Errors
/// A quoted cell has no end in this row, or goes on behind its closing mark.
pub fn cells(row: &str, delimiter: u8) -> Result<Vec<String>, &'static str> {
    let text = row.as_bytes();
    let mut fields = Vec::new();
    match (Records { text, at: 0, line: 1, delimiter }).next(&mut fields) {
        None => Ok(Vec::new()),
        Some(Err((_, fault))) => Err(fault),
        Some(Ok(_)) => Ok(fields.iter().map(|field| String::from_utf8_lossy(&field.text(text)).into_owned()).collect()),
    }
}

fn bom_bytes(text: &[u8]) -> usize {
    if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Where a field stands: within its quotation marks, if it has them.
#[derive(Debug, Clone, Copy)]
struct Field {
    from: usize,
    to: usize,
    /// Quotation marks are doubled in it.
    doubled: bool,
    quoted: bool,
}

impl Field {
    fn plain(from: usize, to: usize) -> Self {
        Self { from, to, doubled: false, quoted: false }
    }

    /// The text; spaces around what is not quoted do not count.
    fn text<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let bytes = &text[self.from..self.to];
        if !self.quoted {
            Cow::Borrowed(bytes.trim_ascii())
        } else if self.doubled {
            Cow::Owned(String::from_utf8_lossy(bytes).replace("\"\"", "\"").into_bytes())
        } else {
            Cow::Borrowed(bytes)
        }
    }
}

struct Records<'a> {
    text: &'a [u8],
    at: usize,
    /// Of what comes next.
    line: usize,
    delimiter: u8,
}

impl Records<'_> {
    /// Puts the fields of the next record that is not empty into `fields`, and gives its line. An error is the line of
    /// a quoted field that does not end as it should, and how it does not.
    fn next(&mut self, fields: &mut Vec<Field>) -> Option<Result<usize, (usize, &'static str)>> {
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return None;
            }
            let end = match memchr2(b'\n', b'"', rest) {
                Some(end) if rest[end] == b'"' => return Some(self.next_quoted(fields)),
                Some(end) => end,
                None => rest.len(),
            };
            let (from, line) = (self.at, self.line);
            self.at += (end + 1).min(rest.len());
            self.line += 1;
            let content = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
            if !content.trim_ascii().is_empty() {
                split(content, from, self.delimiter, fields);
                return Some(Ok(line));
            }
        }
    }

    /// The same where a quotation mark is in the next line.
    fn next_quoted(&mut self, fields: &mut Vec<Field>) -> Result<usize, (usize, &'static str)> {
        let (text, line, delimiter) = (self.text, self.line, self.delimiter);
        fields.clear();
        loop {
            let start = self.at + text[self.at..].iter().take_while(|&&byte| byte == b' ').count();
            let field = if text.get(start) == Some(&b'"') {
                let (to, doubled) = self.quoted_end(start + 1).ok_or_else(|| {
                    self.at = text.len();
                    (line, UNCLOSED)
                })?;
                self.at = to + 1;
                Field { from: start + 1, to, doubled, quoted: true }
            } else {
                Field::plain(self.at, self.at)
            };
            let length = text[self.at..].iter().position(|&byte| byte == delimiter || byte == b'\n');
            let end = length.map_or(text.len(), |length| self.at + length);
            if field.quoted && !text[self.at..end].trim_ascii().is_empty() {
                self.at = memchr(b'\n', &text[end..]).map_or(text.len(), |length| end + length + 1);
                self.line += 1;
                return Err((line, BEHIND_MARK));
            }
            fields.push(if field.quoted { field } else { Field::plain(self.at, end) });
            self.at = (end + 1).min(text.len());
            if text.get(end) != Some(&delimiter) {
                self.line += 1;
                return Ok(line);
            }
        }
    }

    /// Where the closing mark of a quoted field stands, and whether marks are doubled before it.
    fn quoted_end(&mut self, mut from: usize) -> Option<(usize, bool)> {
        let mut doubled = false;
        loop {
            let mark = from + memchr(b'"', &self.text[from..])?;
            self.line += memchr::memchr_iter(b'\n', &self.text[from..mark]).count();
            if self.text.get(mark + 1) != Some(&b'"') {
                return Some((mark, doubled));
            }
            doubled = true;
            from = mark + 2;
        }
    }
}

/// Fields of a line without quotation marks.
fn split(content: &[u8], from: usize, delimiter: u8, fields: &mut Vec<Field>) {
    fields.clear();
    let mut start = 0;
    for (comma, &byte) in content.iter().enumerate() {
        if byte == delimiter {
            fields.push(Field::plain(from + start, from + comma));
            start = comma + 1;
        }
    }
    fields.push(Field::plain(from + start, from + content.len()));
}

enum Id {
    InFile(usize, usize),
    Unfolded(Vec<u8>),
}

/// Which column is what.
#[derive(Debug)]
struct Columns {
    id: usize,
    lat: usize,
    lon: usize,
    radius_km: Option<usize>,
    /// How many there are, with those of other names.
    count: usize,
}

impl Columns {
    fn of(text: &[u8], header: &[Field]) -> Result<Self, String> {
        if header.len() > COLUMNS_MAX {
            return Err(format!("more than {COLUMNS_MAX} columns: {HEADER}"));
        }
        if header.iter().any(|field| field.text(text).contains(&b'\r')) {
            return Err("the lines end with carriage returns alone: save the file with line feeds".to_owned());
        }
        let names: Vec<String> =
            header.iter().map(|field| String::from_utf8_lossy(&field.text(text)).to_ascii_lowercase()).collect();
        let find = |name: &str| {
            let mut found = (0..names.len()).filter(|&column| names[column] == name);
            match (found.next(), found.next()) {
                (Some(_), Some(_)) => Err(format!("the column {name} stands twice: {HEADER}")),
                (first, _) => Ok(first),
            }
        };
        let need = |name: &str| {
            find(name)?.ok_or_else(|| {
                let comma = if names.len() == 1 { ", with commas between the columns" } else { "" };
                format!("there is no column {name}: {HEADER}{comma}")
            })
        };
        let (id, lat, lon) = (need("id")?, need("lat")?, need("lon")?);
        Ok(Self { id, lat, lon, radius_km: find("radius_km")?, count: header.len() })
    }

    fn place(&self, text: &[u8], fields: &[Field]) -> Result<(Id, Point), String> {
        if fields.len() > self.count {
            return Err(format!(
                "it has {} fields and the header {}: write decimal points, and quotation marks around what has a comma",
                fields.len(),
                self.count
            ));
        }
        let field = |column: usize, name: &str| {
            fields.get(column).ok_or_else(|| format!("it ends before the column {name}: fill it in"))
        };
        let number = |column: usize, name: &str| {
            let field = field(column, name)?.text(text);
            parse(field.trim_ascii())
                .ok_or_else(|| format!("{name} is {:?}: write a decimal number", String::from_utf8_lossy(&field)))
        };
        let radius_km = match self.radius_km {
            Some(column) if fields.get(column).is_some_and(|field| !field.text(text).trim_ascii().is_empty()) => {
                number(column, "radius_km")?
            }
            _ => 0.0,
        };
        let point = exact(number(self.lat, "lat")?, number(self.lon, "lon")?, radius_km)?;
        let id = match field(self.id, "id")?.text(text) {
            // Its own place in the file is found again from where the slice lies in it.
            Cow::Borrowed(id) => {
                id_fault(id).map_or_else(|| Ok(Id::InFile(id.as_ptr().addr() - text.as_ptr().addr(), id.len())), Err)
            }
            Cow::Owned(id) => id_fault(&id).map_or(Ok(Id::Unfolded(id)), Err),
        }?;
        Ok((id, point))
    }
}

/// A decimal number. What is no number at all, as `inf`, the ranges refuse.
fn parse(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::places::Kind;
    use super::*;

    fn points(text: &str) -> Vec<(String, f64, f64, f64)> {
        let places = read(text.as_bytes().to_vec(), |_| ()).expect("it is read");
        let id = |number| String::from_utf8(places.id(Kind::Point, number).to_vec()).expect("a text");
        let all = (0..).zip(&places.points);
        all.map(|(number, point)| (id(number), point.lat, point.lon, point.radius_km)).collect()
    }

    fn fault(text: &str) -> String {
        read(text.as_bytes().to_vec(), |_| ()).expect_err("a fault").to_string()
    }

    #[test]
    fn plain_lines() {
        let text = "id,lat,lon,radius_km\na,1.5,-2.25,3\nb,-1,2,0.5\n\nc,0,0,\n";
        let wanted = [("a", 1.5, -2.25, 3.0), ("b", -1.0, 2.0, 0.5), ("c", 0.0, 0.0, 0.0)];
        assert_eq!(points(text), wanted.map(|(id, lat, lon, km)| (id.to_owned(), lat, lon, km)));
    }

    #[test]
    fn as_spreadsheets_write_it() {
        let text = "\u{feff}\"LON\", Lat ,note,\"id\"\r\n2,1,\"x, \"\"y\"\"\nz\",\"a, b\"\r\n4,3,,\"say \"\"ho\"\"\"\r\n6,5,,\u{e9}";
        let wanted = [("a, b", 1.0, 2.0), ("say \"ho\"", 3.0, 4.0), ("é", 5.0, 6.0)];
        assert_eq!(points(text), wanted.map(|(id, lat, lon)| (id.to_owned(), lat, lon, 0.0)));
    }

    #[test]
    fn a_short_line_may_end_before_the_radius() {
        assert_eq!(points("id,lat,lon,radius_km\na,1,2"), [("a".to_owned(), 1.0, 2.0, 0.0)]);
    }

    #[test]
    fn faults_say_where_what_and_how_to_mend() {
        for (text, wanted) in [
            ("", "line 1: nothing stands here: the first line must be the header"),
            (
                "id;lat;lon\n",
                "line 1: there is no column id: the first line must be the header id,lat,lon,radius_km, with commas",
            ),
            ("id,lat,lon,lat\n", "line 1: the column lat stands twice"),
            ("id,lat,lon\na,1\n", "line 2: it ends before the column lon"),
            ("id,lat,lon\na,1,2\nb,x,2\n", "line 3: lat is \"x\": write a decimal number"),
            ("id,lat,lon\na,1,inf\n", "line 2: longitude inf is not within"),
            ("id,lat,lon\na,nan,2\n", "line 2: latitude NaN is not within"),
            ("note,id,lat,lon\n\"one\ntwo\",a,1,2\n,b,95,2\n", "line 4: latitude 95 is not within"),
            ("id,lat,lon\n,1,2\n", "line 2: the id is empty"),
            ("id,lat,lon\n\"a\nb\",1,2\n", "line 2: the id has a line break"),
            ("id,lat,lon\na,1,2\n\"b,1,2\nc,1,2\n", "line 3: a quoted field never ends"),
            (
                "id,lat,lon,radius_km\nlille,50,63,3,06,5\n",
                "line 2: it has 6 fields and the header 4: write decimal points",
            ),
            ("id,lat,lon\na,1,2,\n", "line 2: it has 4 fields and the header 3"),
            ("id,lat,lon\n\"a\"b,1,2\nc,1,2\n", "line 2: something stands behind the closing quotation mark"),
            ("id,lat,lon,radius_km\ra,1,2,3\rb,1,2,3\r", "line 1: the lines end with carriage returns alone"),
            ("id,lat,lon,radius_km\na,1,2,-1\n", "line 2: radius -1 is not within"),
        ] {
            let told = fault(text);
            assert!(told.starts_with(wanted), "{text:?}: {told}");
        }
    }
}
