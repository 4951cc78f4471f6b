//! Which places a shape reaches.

use super::places::{Kind, Places};
use crate::audience::points::{Grounds, Points};
use crate::geo::region::Region;
use crate::geo::shape::Shape;
use anyhow::Context;
use roaring::RoaringBitmap;

/// The places of a file, ordered so that few are looked at.
#[derive(Debug)]
pub struct Index {
    points: Points,
    cells: Grounds,
    regions: Vec<Region>,
}

impl Index {
    /// Takes the places and leaves their ids.
    pub fn over(places: &mut Places) -> anyhow::Result<Self> {
        let points = std::mem::take(&mut places.points);
        let too_many = "more places than 2^32 in one file: part it";
        Ok(Self {
            points: Points::new(&points).context(too_many)?,
            cells: Grounds::new(std::mem::take(&mut places.cells)).context(too_many)?,
            regions: std::mem::take(&mut places.regions),
        })
    }

    /// The numbers of the places that any of the shapes reaches, for each kind.
    pub fn find(&self, shapes: impl Iterator<Item = Shape>) -> [RoaringBitmap; 3] {
        let mut found: [RoaringBitmap; 3] = Default::default();
        for shape in shapes {
            let (points, cells) = (self.points.find(&shape), self.cells.find(&shape));
            let regions = (0..).zip(&self.regions).filter(|(_, region)| shape.touches_region(region));
            found[Kind::Point as usize] |= points.inside | points.near;
            found[Kind::Cell as usize] |= cells.inside | cells.near;
            found[Kind::Region as usize].extend(regions.map(|(number, _)| number));
        }
        found
    }

    /// Memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        self.points.bytes() + self.cells.bytes() + self.regions.iter().map(Region::bytes).sum::<usize>()
    }
}
