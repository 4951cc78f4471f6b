//! An invented country and the people in it: the same at every run, on every machine.
//!
//! People live in some hundred cities, the larger the fewer (Zipf), around each as a bell, some in the country and one
//! in a hundred abroad.

use beffroi::cap::alert::Point;
use beffroi::cap::code::Severity;
use beffroi::geo::code::AreaCode;
use beffroi::model::family::{Families, Family};
use beffroi::model::id::Slot;
use beffroi::model::place::{Around, Cell, Drawn, Place, Radius, Step};
use beffroi::model::subscriber::{ChannelKind, Listener};
use std::io::{self, Write};

/// The middle of the country, degrees.
pub const MIDDLE: (f64, f64) = (47.0, 2.0);
/// From its middle to its border, degrees of latitude and of longitude.
pub const EXTENT: (f64, f64) = (4.0, 5.5);

const CITIES: usize = 400;
/// No one lives nearer to the border, as a share of the way to it.
const INHABITED_SHARE: f64 = 0.95;
const ABROAD_SHARE: f64 = 0.01;
const RURAL_SHARE: f64 = 0.15;
/// Named areas are squares of so many to a degree.
const NAMED_PER_DEGREE: f64 = 5.0;
/// The scheme of its named areas.
pub const SCHEME: &str = "INVENTED";

/// Numbers that look random (SplitMix64).
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let number = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ number >> 31
    }

    /// 0…1, without 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// One of a bell around 0 whose standard deviation is 1.
    pub fn bell(&mut self) -> f64 {
        let length = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        length * (std::f64::consts::TAU * self.share()).cos()
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[(f64, T)]) -> T {
        let mut left = self.share() * choices.iter().map(|(weight, _)| weight).sum::<f64>();
        let chosen = choices.iter().find(|(weight, _)| {
            left -= weight;
            left < 0.0
        });
        chosen.unwrap_or(&choices[choices.len() - 1]).1
    }
}

/// What people follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// One cell each, without a radius.
    Points,
    /// 1.4 places each: 40 % with a radius, 1 % drawn polygons, 2 % named areas.
    Mixed,
}

/// An exact place, before it is snapped to anything.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    pub lat: f64,
    pub lon: f64,
    pub radius_km: u8,
}

/// Where people live.
#[derive(Debug, Clone)]
pub struct Land {
    /// Latitude, longitude, breadth in degrees, and how many live there and in all before.
    cities: Vec<(f64, f64, f64, f64)>,
    numbers: Numbers,
}

impl Land {
    pub fn new() -> Self {
        let mut numbers = Numbers::new(4);
        let mut people = 0.0;
        let cities = (0..CITIES).map(|rank| {
            let (lat, lon) = somewhere(&mut numbers, INHABITED_SHARE - 0.1);
            people += 1.0 / (rank + 1) as f64;
            (lat, lon, 0.02 + 0.08 / (1.0 + rank as f64 / 10.0), people)
        });
        let cities = cities.collect();
        Self { cities, numbers }
    }

    /// The cities, the largest first: latitude and longitude.
    pub fn cities(&self) -> impl Iterator<Item = (f64, f64)> {
        self.cities.iter().map(|(lat, lon, _, _)| (*lat, *lon))
    }

    /// One place after the other, for as long as one asks.
    pub fn spots(mut self, mix: Mix) -> impl Iterator<Item = Spot> {
        std::iter::repeat_with(move || self.spot(mix))
    }

    /// The people with slots from 0 on.
    pub fn people(mut self, count: Slot, mix: Mix) -> impl Iterator<Item = Listener> {
        (0..count).map(move |slot| self.person(slot, mix))
    }

    /// Someone with this slot; someone else at each call.
    pub fn person(&mut self, slot: Slot, mix: Mix) -> Listener {
        let places = match mix {
            Mix::Points => 1,
            Mix::Mixed => self.numbers.one_of(&[(0.7, 1), (0.2, 2), (0.1, 3)]),
        };
        Listener {
            slot,
            places: (0..places).map(|_| self.place(mix)).collect(),
            families: self.families(),
            drills: self.numbers.share() < 0.1,
            origin: self.origin().to_owned(),
            channel: ChannelKind::WebPush,
            language: self.language().to_owned(),
            quiet_hours: None,
        }
    }

    fn spot(&mut self, mix: Mix) -> Spot {
        let (lat, lon) = self.lives();
        let is_wide = mix == Mix::Mixed && self.numbers.share() < 0.4;
        let radii = [(1.0, 1), (1.0, 2), (2.0, 5), (2.0, 10), (1.0, 25), (0.5, 50)];
        Spot { lat, lon, radius_km: if is_wide { self.numbers.one_of(&radii) } else { 0 } }
    }

    fn place(&mut self, mix: Mix) -> Place {
        let spot = self.spot(mix);
        let kind = if mix == Mix::Mixed { self.numbers.share() } else { 1.0 };
        if kind < 0.01 {
            return self.drawn(spot);
        }
        if kind < 0.03 {
            return Place::Named(named(spot.lat, spot.lon));
        }
        let step = self.numbers.one_of(&[(0.1, Step::Fine), (0.8, Step::Medium), (0.1, Step::Coarse)]);
        let cell = Cell::containing(step, spot.lat, spot.lon).expect("on Earth");
        let radius = Radius::from_km(spot.radius_km.into()).expect("a radius one may choose");
        Place::Around(Around { cell, radius, altitude: None })
    }

    /// Six corners around a place, some kilometres wide.
    fn drawn(&mut self, spot: Spot) -> Place {
        let cell = Cell::containing(Step::Medium, spot.lat, spot.lon).expect("on Earth");
        let size = self.numbers.between(4.0, 16.0) as i32;
        let corners = [(-2, -1), (-2, 1), (0, 2), (2, 1), (2, -1), (0, -2)];
        let corners = corners.map(|(up, right)| (cell.row() + up * size / 2, cell.column() + right * size / 2));
        Place::Drawn(Drawn::new(Step::Medium, corners.to_vec()).expect("a hexagon"))
    }

    fn lives(&mut self) -> (f64, f64) {
        let kind = self.numbers.share();
        if kind < ABROAD_SHARE {
            let (lat, lon) = somewhere(&mut self.numbers, 1.0);
            return (lat - 20.0, lon + 30.0);
        }
        if kind < ABROAD_SHARE + RURAL_SHARE {
            return somewhere(&mut self.numbers, INHABITED_SHARE);
        }
        let all = self.cities[CITIES - 1].3;
        let at = self.numbers.share() * all;
        let (lat, lon, breadth, _) = self.cities[self.cities.partition_point(|city| city.3 <= at)];
        (lat + self.numbers.bell() * breadth, lon + self.numbers.bell() * breadth * 1.4)
    }

    fn families(&mut self) -> Families {
        if self.numbers.share() < 0.6 {
            return Families::default();
        }
        let severities =
            [(1.0, Severity::Extreme), (2.0, Severity::Severe), (3.0, Severity::Moderate), (4.0, Severity::Minor)];
        let heard = Family::ALL.map(|family| (family, self.numbers.share() < 0.7, self.numbers.one_of(&severities)));
        let wanted =
            heard.into_iter().filter(|(_, is_wanted, _)| *is_wanted).map(|(family, _, lowest)| (family, lowest));
        Families::new(wanted.collect()).expect("known severities")
    }

    fn origin(&mut self) -> &'static str {
        self.numbers.one_of(&[
            (65.0, "https://push.alpha.example"),
            (20.0, "https://updates.beta.example"),
            (12.0, "https://web.gamma.example"),
            (3.0, "https://notify.delta.example:8443"),
        ])
    }

    fn language(&mut self) -> &'static str {
        self.numbers.one_of(&[
            (60.0, "fr"),
            (15.0, "en"),
            (8.0, "ar"),
            (7.0, "de"),
            (5.0, "pt"),
            (4.0, "es"),
            (1.0, ""),
        ])
    }
}

/// Anywhere within a share of the way to the border, each piece of ground as likely.
pub fn somewhere(numbers: &mut Numbers, share: f64) -> (f64, f64) {
    let (out, bearing) = (numbers.share().sqrt() * share, numbers.share() * std::f64::consts::TAU);
    (MIDDLE.0 + EXTENT.0 * out * bearing.sin(), MIDDLE.1 + EXTENT.1 * out * bearing.cos())
}

/// The named area of a point.
pub fn named(lat: f64, lon: f64) -> AreaCode {
    let (row, column) = ((lat * NAMED_PER_DEGREE).floor(), (lon * NAMED_PER_DEGREE).floor());
    AreaCode::new(SCHEME, &format!("{row:+04}{column:+04}"))
}

/// Every named area at home, with its ring.
pub fn named_areas() -> impl Iterator<Item = (AreaCode, Vec<Point>)> {
    let count = |extent: f64| (2.0 * extent * NAMED_PER_DEGREE) as i32;
    let squares = (0..count(EXTENT.0)).flat_map(move |row| (0..count(EXTENT.1)).map(move |column| (row, column)));
    squares.map(|(row, column)| {
        let size = 1.0 / NAMED_PER_DEGREE;
        let (south, west) =
            (MIDDLE.0 - EXTENT.0 + f64::from(row) * size, MIDDLE.1 - EXTENT.1 + f64::from(column) * size);
        let corners = [(0.0, 0.0), (0.0, size), (size, size), (size, 0.0), (0.0, 0.0)];
        let ring = corners.map(|(up, right)| Point { lat: south + up, lon: west + right });
        (named(south + size / 2.0, west + size / 2.0), ring.to_vec())
    })
}

/// The exact places as `beffroi match --places` reads them; the id is the number from 0 on.
///
/// # Errors
/// When writing fails.
pub fn write_csv(to: &mut impl Write, spots: impl Iterator<Item = Spot>) -> io::Result<()> {
    writeln!(to, "id,lat,lon,radius_km")?;
    for (id, spot) in spots.enumerate() {
        writeln!(to, "{id},{},{},{}", spot.lat, spot.lon, spot.radius_km)?;
    }
    Ok(())
}
