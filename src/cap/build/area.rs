//! `area` (CAP 1.2 §3.2.4).

use super::children::{AREA, Children};
use super::{Builder, NodeId};
use crate::cap::alert::{Area, NamedValue};
use crate::cap::exclude::{hole, is_exclude_polygon};
use crate::cap::rules;

impl Builder<'_, '_> {
    /// An area. `None` when there are too many.
    pub(super) fn area(&mut self, id: NodeId) -> Option<Area> {
        self.areas += 1;
        if self.areas > self.limits.areas_max {
            if self.areas == self.limits.areas_max + 1 {
                let message = format!("There are more than {} areas.", self.limits.areas_max);
                self.find(&rules::TOO_MANY_AREAS, id, message);
            }
            return None;
        }
        let children = self.children(id, AREA);
        let area_desc = self.described(children.one("areaDesc")).unwrap_or_default();
        let mut polygons = Vec::new();
        for &polygon in children.all("polygon") {
            if self.one_more_ring(polygon) {
                polygons.extend(self.polygon(polygon));
            }
        }
        let mut circles = Vec::new();
        for &circle in children.all("circle") {
            if self.one_more_ring(circle) {
                let read = self.circle(circle);
                self.check_circle(circle, read.as_ref());
                circles.extend(read);
            }
        }
        let geocodes = children.all("geocode").iter().filter_map(|&id| self.geocode(id)).collect();
        let (altitude_ft, ceiling_ft) = self.heights(&children);
        let blank = |name| children.all(name).iter().all(|&id| self.is_blank(id));
        match (blank("polygon") && blank("circle"), blank("geocode")) {
            (true, true) => {
                self.find(&rules::AREA_NOWHERE, id, "The area has no polygon, circle or geocode: it is nowhere.");
            }
            (true, false) => {
                let (first, count) = self.coded_areas.unwrap_or((id, 0));
                self.coded_areas = Some((first, count + 1));
            }
            (false, _) => {}
        }
        Some(Area { area_desc, polygons, circles, geocodes, altitude_ft, ceiling_ft })
    }

    /// A geocode. Of one that is to be a hole and is none, who wrote it is told: others are warned than was meant.
    fn geocode(&mut self, id: NodeId) -> Option<NamedValue> {
        let pair = self.pair(id)?;
        if is_exclude_polygon(&pair.value_name)
            && let Err(why) = hole(&pair.value)
        {
            self.find_with(&rules::HOLE_INVALID, id, || format!("{why}; nothing is left out of the area for it."));
        }
        Some(pair)
    }

    /// Altitude and ceiling, feet. A ceiling that makes no sense is left out, and so is what it contradicts: nobody is
    /// chosen by them.
    fn heights(&mut self, children: &Children) -> (Option<f64>, Option<f64>) {
        let (altitude_ft, ceiling_ft) = (self.number(children.one("altitude")), self.number(children.one("ceiling")));
        let (Some(ceiling), Some(at)) = (ceiling_ft, children.one("ceiling")) else {
            return (altitude_ft, None);
        };
        match altitude_ft {
            None => {
                self.find(&rules::CEILING_ALONE, at, "`ceiling` needs `altitude`; it is left out.");
                (None, None)
            }
            Some(altitude) if ceiling < altitude => {
                let message =
                    format!("`ceiling` ({ceiling} ft) is below `altitude` ({altitude} ft); both are left out.");
                self.find(&rules::CEILING_LOW, at, message);
                (None, None)
            }
            Some(_) => (altitude_ft, ceiling_ft),
        }
    }

    fn is_blank(&self, id: NodeId) -> bool {
        self.trimmed(id).is_empty() && self.tree.nodes[id].first_child.is_none()
    }

    /// Counts a polygon or circle; false when there are too many. Only the first too many is reported.
    fn one_more_ring(&mut self, id: NodeId) -> bool {
        self.rings += 1;
        if self.rings == self.limits.rings_max + 1 {
            let message = format!("There are more than {} polygons and circles.", self.limits.rings_max);
            self.find(&rules::TOO_MANY_RINGS, id, message);
        }
        self.rings <= self.limits.rings_max
    }
}
