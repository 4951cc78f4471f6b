//! The documents that the rows of the table post, each in a place of its own.

use std::fmt::Write;

/// Where an info applies: two boxes side by side, both, the edge of the first where nobody is, a code that nobody knows,
/// or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    West,
    East,
    Both,
    Edge,
    Unknown,
    None,
}

/// Whose key posts a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Rings for any sender.
    Ring,
    /// Another one that does.
    Second,
    /// Its alerts wait for a person.
    Hold,
    /// May speak for another sender only.
    Stranger,
}

/// A time in a reference that nobody can read.
pub const NO_TIME: u8 = u8::MAX;

/// One CAP document.
#[derive(Debug, Clone)]
pub struct Doc {
    /// Its identifier within the row.
    pub name: &'static str,
    /// Minutes after 11:00, an hour before the test begins.
    pub sent: u8,
    pub msg_type: &'static str,
    pub status: &'static str,
    pub scope: &'static str,
    /// Sender within the row.
    pub sender: &'static str,
    /// Identifier and minutes of the messages named; `weather/a` is another sender's.
    pub references: Vec<(&'static str, u8)>,
    pub note: Option<&'static str>,
    /// Empty for a document without info.
    pub infos: Vec<Part>,
    /// What is special about it, for people.
    pub about: &'static str,
}

/// One info.
#[derive(Debug, Clone)]
pub struct Part {
    pub ground: Ground,
    pub language: &'static str,
    pub event: &'static str,
    pub severity: &'static str,
    pub response: &'static str,
    pub onset: Option<&'static str>,
    pub expires: &'static str,
    pub description: &'static str,
    pub event_code: Option<&'static str>,
    pub parameters: Vec<(&'static str, &'static str)>,
    pub zones: &'static [&'static str],
}

/// A severe storm in the west until six.
pub const STORM: Part = Part {
    ground: Ground::West,
    language: "en",
    event: "Storm",
    severity: "Severe",
    response: "Shelter",
    onset: None,
    expires: "2026-06-01T18:00:00-00:00",
    description: "Gusts of 140 km/h.",
    event_code: None,
    parameters: Vec::new(),
    zones: &[],
};

impl Doc {
    fn new(msg_type: &'static str, name: &'static str, sent: u8) -> Self {
        Self {
            name,
            sent,
            msg_type,
            status: "Actual",
            scope: "Public",
            sender: "weather",
            references: Vec::new(),
            note: None,
            infos: vec![STORM],
            about: "",
        }
    }

    pub fn alert(name: &'static str, sent: u8) -> Self {
        Self::new("Alert", name, sent)
    }

    pub fn update(name: &'static str, sent: u8, references: &[(&'static str, u8)]) -> Self {
        Self { references: references.to_vec(), ..Self::new("Update", name, sent) }
    }

    pub fn cancel(name: &'static str, sent: u8, references: &[(&'static str, u8)]) -> Self {
        Self { references: references.to_vec(), ..Self::new("Cancel", name, sent) }
    }

    /// An Ack or Error.
    pub fn answer(msg_type: &'static str, name: &'static str, sent: u8, to: (&'static str, u8)) -> Self {
        Self { references: vec![to], infos: Vec::new(), ..Self::new(msg_type, name, sent) }
    }

    pub fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    pub fn on(mut self, ground: Ground) -> Self {
        self.infos[0].ground = ground;
        self
    }

    pub fn from(self, sender: &'static str) -> Self {
        Self { sender, ..self }
    }

    /// With changes to its first info.
    pub fn with(mut self, change: impl FnOnce(&mut Part)) -> Self {
        change(&mut self.infos[0]);
        self
    }

    pub fn and(mut self, info: Part) -> Self {
        self.infos.push(info);
        self
    }

    /// Of the NWS: event codes and zones.
    pub fn nws(self, codes: &'static str, zones: &'static [&'static str]) -> Self {
        self.with(|info| {
            info.parameters.push(("VTEC", codes));
            info.zones = zones;
        })
    }

    /// In words, for the document.
    pub fn words(&self) -> String {
        let mut words = String::new();
        if self.status != "Actual" {
            words += self.status;
            words += " ";
        }
        if self.scope != "Public" {
            words += self.scope;
            words += " ";
        }
        write!(words, "{} `{}`", self.msg_type, self.name).expect("writing to memory");
        if !self.references.is_empty() {
            let named: Vec<String> = self.references.iter().map(|(name, _)| format!("`{name}`")).collect();
            write!(words, " of {}", named.join(" and ")).expect("writing to memory");
        }
        if !self.about.is_empty() {
            write!(words, ", {}", self.about).expect("writing to memory");
        }
        words
    }

    pub fn xml(&self, row: usize) -> String {
        let sender = |name: &str| format!("{name}.{row}@lifecycle.example");
        let time = |minutes: u8| match minutes {
            NO_TIME => "yesterday".to_owned(),
            minutes => format!("2026-06-01T{}:{:02}:00-00:00", 11 + minutes / 60, minutes % 60),
        };
        let id = |name: &str| format!("{row}-{name}");
        let named: Vec<String> = self
            .references
            .iter()
            .map(|(name, sent)| {
                let (whose, name) = name.split_once('/').unwrap_or((self.sender, name));
                format!("{},{},{}", sender(whose), id(name), time(*sent))
            })
            .collect();
        let optional = |element: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("<{element}>{text}</{element}>") }
        };
        let (restriction, addresses) = match self.scope {
            "Restricted" => ("fire brigade", ""),
            "Private" => ("", "someone@lifecycle.example"),
            _ => ("", ""),
        };
        let head = [
            optional("identifier", &id(self.name)),
            optional("sender", &sender(self.sender)),
            optional("sent", &time(self.sent)),
            optional("status", self.status),
            optional("msgType", self.msg_type),
            optional("scope", self.scope),
            optional("restriction", restriction),
            optional("addresses", addresses),
            optional("note", self.note.unwrap_or_default()),
            optional("references", &named.join(" ")),
        ];
        let infos: String = self.infos.iter().map(|info| info.xml(row)).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n{}{infos}</alert>\n",
            head.concat()
        )
    }
}

impl Part {
    fn xml(&self, row: usize) -> String {
        let named = |element: &str, name: &str, value: &str| {
            format!("<{element}><valueName>{name}</valueName><value>{value}</value></{element}>")
        };
        let code = self.event_code.map_or(String::new(), |code| named("eventCode", "TEST-CODE", code));
        let onset = self.onset.map_or(String::new(), |onset| format!("<onset>{onset}</onset>"));
        let parameters: String = self.parameters.iter().map(|(name, value)| named("parameter", name, value)).collect();
        let zones: String = self.zones.iter().map(|zone| named("geocode", "UGC", zone)).collect();
        let area = match (polygon(row, self.ground), self.ground) {
            (Some(polygon), _) => format!("<area><areaDesc>Box</areaDesc><polygon>{polygon}</polygon>{zones}</area>"),
            (None, Ground::Unknown) => {
                format!("<area><areaDesc>Box</areaDesc>{}</area>", named("geocode", "NOBODY-KNOWS", "1"))
            }
            (None, _) => String::new(),
        };
        // An all-clear of what is still to come would be a downgrade.
        let urgency = if self.response == "AllClear" { "Past" } else { "Immediate" };
        let Self { language, event, severity, response, expires, description, .. } = self;
        format!(
            "<info><language>{language}</language><category>Met</category><event>{event}</event>\
             <responseType>{response}</responseType><urgency>{urgency}</urgency><severity>{severity}</severity>\
             <certainty>Likely</certainty>{code}{onset}<expires>{expires}</expires><senderName>Office</senderName>\
             <headline>{event}</headline><description>{description}</description>\
             <instruction>Stay inside.</instruction>{parameters}{area}</info>"
        )
    }
}

/// South-west corner of a row's ground, degrees: rows are more than 60 km apart.
pub fn corner(row: usize) -> (f64, f64) {
    let row = f64::from(u16::try_from(row).expect("few rows"));
    (-55.0 + row.rem_euclid(100.0), 3.0 + 10.0 * (row / 100.0).floor())
}

/// Half a degree of longitude each, with a gap between them.
fn polygon(row: usize, ground: Ground) -> Option<String> {
    let (south, west) = corner(row);
    let (from, to) = match ground {
        Ground::West => (west, west + 0.3),
        Ground::East => (west + 0.5, west + 0.8),
        Ground::Both => (west, west + 0.8),
        Ground::Edge => (west, west + 0.02),
        Ground::Unknown | Ground::None => return None,
    };
    let north = south + 0.3;
    Some(format!(
        "{south:.2},{from:.2} {south:.2},{to:.2} {north:.2},{to:.2} {north:.2},{from:.2} {south:.2},{from:.2}"
    ))
}
