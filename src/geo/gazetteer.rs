//! Named areas: what the codes of an alert's areas, and the areas that people follow, stand for.
//!
//! A code is looked up as it is; then as another name of something (an alias); then as something larger of which the
//! parts are known; then as a part of something that has ground of its own. What is left is unknown, and that is always
//! told, as is what is known only in part: an area that nobody here knows is nowhere, never everywhere.

use super::code::AreaCode;
use super::names::Names;
use super::region::Region;
use super::scheme;
use super::shape::{Block, IgnoredHole, Named, Shape};
use crate::cap::alert::{Alert, Area, NamedValue};
use crate::cap::exclude::{EXCLUDE_POLYGON, excluded};
use crate::cap::profile;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

/// The longest way from alias to alias.
const ALIAS_CHAIN_MAX: usize = 8;
/// The most named areas that one alert's areas are made of. The codes after them are unknown.
const NAMED_MAX: usize = 100_000;

/// A piece of the Earth with a name, under the code of some scheme.
#[derive(Debug, Clone)]
pub struct NamedArea {
    pub code: AreaCode,
    /// Empty where only the code is known.
    pub name: String,
    /// People who live there.
    pub population: Option<u64>,
    /// Shared with every shape that is made of it; `None` where nobody told where it is.
    pub region: Option<Arc<Region>>,
}

/// All named areas and aliases. Never changes; an import makes another one.
#[derive(Debug, Default)]
pub struct Gazetteer {
    areas: Vec<NamedArea>,
    schemes: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Entry>>,
    /// What has another name, by what that name stands for.
    also: HashMap<AreaCode, Vec<AreaCode>>,
    names: Names,
    import: i64,
}

/// What a code stands for.
#[derive(Debug, Default)]
struct Entry {
    area: Option<u32>,
    /// Other names of the same.
    targets: Vec<AreaCode>,
}

/// What geocodes do beside polygons and circles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Geocodes {
    /// The area is the union of all (CAP 1.2 §3.2.4).
    Add,
    /// Where something is drawn, geocodes only name it.
    Name,
}

/// Where an alert's areas are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ground {
    /// `None`: nowhere.
    pub shape: Option<Shape>,
    /// Geocodes that nobody here knows: they reach nobody.
    pub unknown: Vec<Geocode>,
    /// Geocodes of which only something larger is known, which stands for them.
    pub widened: Vec<(Geocode, AreaCode)>,
    /// Holes that do not cut all that they say: more people are reached.
    pub ignored_holes: Vec<IgnoredHole>,
    /// Geocodes that stand for several things, and those of them that nobody here knows: they reach nobody.
    pub partly: Vec<(Geocode, BTreeSet<AreaCode>)>,
    /// Geocodes that are made of so many parts which are known here. Whether these are all is not known.
    pub gathered: Vec<(Geocode, usize)>,
}

/// A geocode and where it stands, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Geocode {
    pub area: usize,
    pub geocode: usize,
    pub code: AreaCode,
}

/// What a code stands for, by the places of the areas.
#[derive(Debug, Clone, Default)]
struct Meaning {
    areas: BTreeSet<u32>,
    /// It stands for something larger than it says.
    widened: Option<AreaCode>,
    /// What it stands for, too, and nobody here knows.
    missing: BTreeSet<AreaCode>,
    /// How many of the areas are in it because they are parts of something.
    parts: usize,
}

/// Where a code leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Somewhere,
    Nowhere,
    /// It is being looked up: an alias runs in a circle.
    Circle,
}

/// One looking up: what was found so far.
#[derive(Debug, Default)]
struct Lookup {
    /// Nothing is made of its parts.
    whole: bool,
    /// What is found now is part of something.
    in_parts: bool,
    leads: HashMap<AreaCode, Lead>,
    meaning: Meaning,
}

impl Geocodes {
    /// What geocodes do in an alert, by its profile.
    pub fn of(alert: &Alert) -> Self {
        if profile::geocodes_name(alert) { Self::Name } else { Self::Add }
    }
}

impl Gazetteer {
    /// Areas, and pairs of another name and what it stands for. All codes as [`scheme::canonical`] writes them; of two
    /// areas with one code the last counts.
    pub fn new(areas: Vec<NamedArea>, aliases: impl IntoIterator<Item = (AreaCode, AreaCode)>) -> Self {
        let mut schemes: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Entry>> = BTreeMap::new();
        let mut entry = |code: &AreaCode, change: &mut dyn FnMut(&mut Entry)| {
            change(schemes.entry(code.scheme.clone()).or_default().entry(code.code.clone()).or_default());
        };
        for (nth, area) in (0..).zip(&areas) {
            entry(&area.code, &mut |entry| entry.area = Some(nth));
        }
        let mut also: HashMap<AreaCode, Vec<AreaCode>> = HashMap::new();
        for (alias, target) in aliases {
            entry(&alias, &mut |entry| entry.targets.push(target.clone()));
            also.entry(target).or_default().push(alias);
        }
        Self { names: Names::of(&areas), areas, schemes, also, import: 0 }
    }

    /// The same, as of the import of this number.
    #[must_use]
    pub fn of_import(self, import: i64) -> Self {
        Self { import, ..self }
    }

    /// The number of the import that it is of; 0 before the first.
    pub const fn import(&self) -> i64 {
        self.import
    }

    /// How many areas there are.
    pub fn len(&self) -> usize {
        self.areas.len()
    }

    pub fn is_empty(&self) -> bool {
        self.areas.is_empty()
    }

    /// The area of exactly this code, however its scheme is spelt.
    pub fn get(&self, code: &AreaCode) -> Option<&NamedArea> {
        let own = |code: &AreaCode| self.entry(code).and_then(|entry| entry.area);
        let nth = own(code).or_else(|| own(&scheme::canonical(&code.scheme, &code.code)?))?;
        Some(&self.areas[nth as usize])
    }

    /// All areas.
    pub fn areas(&self) -> &[NamedArea] {
        &self.areas
    }

    /// At most so many areas of which a word begins with each word that is typed, case and accents forgiven; the
    /// better fit first, then the larger population.
    pub fn search(&self, text: &str, limit: usize) -> Vec<&NamedArea> {
        self.names.search(&self.areas, text, limit).into_iter().map(|nth| &self.areas[nth as usize]).collect()
    }

    /// The nearest named area around an area, by its code or another name of it.
    pub fn container(&self, code: &AreaCode) -> Option<&NamedArea> {
        let own = std::iter::once(code);
        let names = own.chain(self.also.get(code).into_iter().flatten());
        let mut wider = names.flat_map(scheme::containers).filter(|wider| wider != code);
        wider.find_map(|wider| self.get(&wider))
    }

    /// Where an info's areas are, with every geocode that is not known.
    pub fn ground(&self, areas: &[Area], geocodes: Geocodes) -> Ground {
        let names_alone = names_alone(areas, geocodes);
        let numbered = areas.iter().enumerate().filter(|(_, area)| !names_alone || is_drawn(area));
        self.ground_of(&numbered.collect::<Vec<_>>(), geocodes)
    }

    /// Everywhere an alert speaks of. Languages repeat the same areas in the same order: each is taken once.
    pub fn ground_of_alert(&self, alert: &Alert) -> Ground {
        let infos = &alert.infos;
        let is_new = |nth: usize, at: usize, area: &Area| {
            let mut earlier = infos[..nth].iter().filter_map(|info| info.areas.get(at));
            !earlier.any(|known| is_same_ground(known, area))
        };
        let geocodes = Geocodes::of(alert);
        let mut areas = Vec::new();
        for (nth, info) in infos.iter().enumerate() {
            let names_alone = names_alone(&info.areas, geocodes);
            let says_where = |(at, area): &(usize, &Area)| (!names_alone || is_drawn(area)) && is_new(nth, *at, area);
            areas.extend(info.areas.iter().enumerate().filter(says_where));
        }
        self.ground_of(&areas, geocodes)
    }

    fn ground_of(&self, areas: &[(usize, &Area)], geocodes: Geocodes) -> Ground {
        let mut ground = Ground::default();
        let mut meanings: HashMap<AreaCode, Meaning> = HashMap::new();
        let mut plain: HashSet<u32> = HashSet::new();
        let mut named_count = 0;
        let mut blocks = Vec::with_capacity(areas.len());
        for &(nth, area) in areas {
            let mut named = BTreeSet::new();
            for (at, code) in told(area, geocodes) {
                let meaning = meanings.entry(code.clone()).or_insert_with(|| self.meaning(&code));
                let geocode = Geocode { area: nth, geocode: at, code };
                if meaning.areas.is_empty() || named_count + named.len() > NAMED_MAX {
                    ground.unknown.push(geocode);
                    continue;
                }
                named.extend(&meaning.areas);
                ground.tell(geocode, meaning);
            }
            if is_plain(area) {
                // What another such area named is there already.
                named.retain(|nth| plain.insert(*nth));
            }
            named_count += named.len();
            blocks.push(Block { area, named: named.into_iter().filter_map(|nth| self.named(nth)).collect() });
        }
        let (shape, ignored) = Shape::of_blocks_told(blocks);
        ground.shape = shape;
        ground.ignored_holes =
            ignored.into_iter().map(|hole| IgnoredHole { area: areas[hole.area].0, ..hole }).collect();
        ground
    }

    fn named(&self, nth: u32) -> Option<Named> {
        let area = &self.areas[nth as usize];
        Some(Named { code: area.code.clone(), region: area.region.clone()? })
    }

    fn meaning(&self, code: &AreaCode) -> Meaning {
        let mut lookup = Lookup::default();
        if self.find(code, ALIAS_CHAIN_MAX, &mut lookup) == Lead::Somewhere {
            return lookup.meaning;
        }
        // Only what has ground of its own contains the code: what is made of parts is made of its siblings.
        for wider in scheme::containers(code).into_iter().filter(|wider| !scheme::is_country(wider)) {
            let mut lookup = Lookup { whole: true, ..Lookup::default() };
            if self.find(&wider, ALIAS_CHAIN_MAX, &mut lookup) == Lead::Somewhere {
                return Meaning { widened: Some(wider), ..lookup.meaning };
            }
        }
        Meaning::default()
    }

    /// Adds what a code stands for: itself, what it is another name of, or its parts. Whether that is anything.
    fn find(&self, code: &AreaCode, steps: usize, lookup: &mut Lookup) -> Lead {
        if let Some(lead) = lookup.leads.get(code) {
            return *lead;
        }
        if steps == 0 {
            return Lead::Nowhere;
        }
        lookup.leads.insert(code.clone(), Lead::Circle);
        let lead = self.find_new(code, steps, lookup);
        lookup.leads.insert(code.clone(), lead);
        lead
    }

    fn find_new(&self, code: &AreaCode, steps: usize, lookup: &mut Lookup) -> Lead {
        if let Some(entry) = self.entry(code) {
            if let Some(nth) = entry.area.filter(|nth| self.areas[*nth as usize].region.is_some()) {
                let is_new = lookup.meaning.areas.insert(nth);
                lookup.meaning.parts += usize::from(is_new && lookup.in_parts);
                return Lead::Somewhere;
            }
            if self.find_each(&entry.targets, steps, lookup) == Lead::Somewhere {
                return Lead::Somewhere;
            }
        }
        if lookup.whole {
            return Lead::Nowhere;
        }
        let outer = std::mem::replace(&mut lookup.in_parts, true);
        let lead = self.find_each(&self.parts(code), steps, lookup);
        lookup.in_parts = outer;
        lead
    }

    /// All that a code stands for. What of it leads nowhere is missing, where the rest is found.
    fn find_each(&self, codes: &[AreaCode], steps: usize, lookup: &mut Lookup) -> Lead {
        let mut nowhere = Vec::new();
        let mut found = false;
        for code in codes {
            match self.find(code, steps - 1, lookup) {
                Lead::Somewhere => found = true,
                Lead::Nowhere => nowhere.push(code.clone()),
                Lead::Circle => {}
            }
        }
        if !found {
            return Lead::Nowhere;
        }
        lookup.meaning.missing.extend(nowhere);
        Lead::Somewhere
    }

    /// What is known of the parts of a code, without the parts of parts that are known.
    fn parts(&self, code: &AreaCode) -> Vec<AreaCode> {
        let Some(codes) = self.schemes.get(&code.scheme) else { return Vec::new() };
        let known = |wider: &AreaCode| wider != code && codes.contains_key(&wider.code) && !scheme::is_country(wider);
        let mut parts = Vec::new();
        for beginning in scheme::beginnings(code) {
            let from = codes.range::<str, _>((Bound::Included(&*beginning), Bound::Unbounded));
            for (part, _) in from.take_while(|(part, _)| part.starts_with(&beginning)) {
                let part = AreaCode { scheme: code.scheme.clone(), code: part.clone() };
                if part != *code && !scheme::containers(&part).iter().any(known) {
                    parts.push(part);
                }
            }
        }
        parts
    }

    fn entry(&self, code: &AreaCode) -> Option<&Entry> {
        self.schemes.get(&code.scheme)?.get(&code.code)
    }
}

impl Ground {
    /// Keeps what is to be said of a geocode that is known.
    fn tell(&mut self, geocode: Geocode, meaning: &Meaning) {
        if let Some(wider) = &meaning.widened {
            self.widened.push((geocode.clone(), wider.clone()));
        }
        if !meaning.missing.is_empty() {
            self.partly.push((geocode.clone(), meaning.missing.clone()));
        }
        if meaning.parts > 0 {
            self.gathered.push((geocode, meaning.parts));
        }
    }
}

/// The codes that say where an area is, and where they stand in it.
fn told(area: &Area, geocodes: Geocodes) -> Vec<(usize, AreaCode)> {
    let drawn = is_drawn(area);
    if drawn && geocodes == Geocodes::Name {
        return Vec::new();
    }
    let canonical = |code: &NamedValue| scheme::canonical(&code.value_name, &code.value);
    let codes: Vec<(usize, AreaCode)> =
        (0..).zip(&area.geocodes).filter_map(|(at, code)| Some((at, canonical(code)?))).collect();
    let says_where = |code: &AreaCode| {
        &*code.scheme != EXCLUDE_POLYGON
            && !(drawn && scheme::is_vast(code))
            && !scheme::is_context(&code.scheme, codes.iter().map(|(_, other)| &other.scheme))
    };
    codes.iter().filter(|(_, code)| says_where(code)).cloned().collect()
}

fn is_drawn(area: &Area) -> bool {
    !area.polygons.is_empty() || !area.circles.is_empty()
}

/// Whether an info's areas of codes alone only name what another area draws. DWD draws the ground in areas without
/// codes, and names every commune that it touches in areas of their own; whoever else writes so may mean both.
fn names_alone(areas: &[Area], geocodes: Geocodes) -> bool {
    let mut codes = areas.iter().flat_map(|area| &area.geocodes);
    if geocodes == Geocodes::Add || !codes.any(|code| scheme::name(&code.value_name) == scheme::WARNCELLID) {
        return false;
    }
    let is_hole = |code: &NamedValue| scheme::name(&code.value_name) == EXCLUDE_POLYGON;
    let draws_alone = |area: &Area| is_drawn(area) && area.geocodes.iter().all(is_hole);
    areas.iter().any(draws_alone)
}

/// Whether an area speaks of whole named areas, at any height.
fn is_plain(area: &Area) -> bool {
    area.altitude_ft.is_none() && area.ceiling_ft.is_none() && excluded(area).next().is_none()
}

fn is_same_ground(a: &Area, b: &Area) -> bool {
    a.polygons == b.polygons
        && a.circles == b.circles
        && a.geocodes == b.geocodes
        && a.altitude_ft == b.altitude_ft
        && a.ceiling_ft == b.ceiling_ft
}
