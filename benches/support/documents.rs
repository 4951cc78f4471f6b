//! Alerts of three sizes, the same on every run: a short one, one in two languages, one in 25. The last comes twice: with
//! the same polygon in every language, as real alerts have it, and with one of its own in each.

use std::fmt::Write;

/// A document and the name its figures stand under.
pub struct Document {
    pub name: &'static str,
    pub text: String,
}

/// About 2 KB, 10 KB and 250 KB.
pub fn documents() -> Vec<Document> {
    let one = |language| Info { language, text_chars: 250, rings: &[5], geocodes: 1, east_deg: 0.0 };
    let two = |language| Info { language, text_chars: 1_000, rings: &[60, 24], geocodes: 6, east_deg: 0.0 };
    let many = |language| Info { language, text_chars: 1_100, rings: &[320], geocodes: 8, east_deg: 0.0 };
    let apart = |(nth, language): (u8, _)| Info { east_deg: f64::from(nth) / 100.0, ..many(language) };
    vec![
        Document { name: "2 KB", text: alert(LANGUAGES[..1].iter().map(one)) },
        Document { name: "10 KB", text: alert(LANGUAGES[..2].iter().map(two)) },
        Document { name: "250 KB", text: alert(LANGUAGES.iter().map(many)) },
        Document { name: "250 KB, 25 polygons", text: alert((0..).zip(&LANGUAGES).map(apart)) },
    ]
}

/// A language and a sentence in it, escaped.
type Language = (&'static str, &'static str);

/// Those of every script that real alerts come in.
const LANGUAGES: [Language; 25] = [
    ("en-GB", "Gusts &amp; heavy rain reach the valley tonight; stay away from the river. "),
    ("fr-FR", "Rafales &amp; fortes pluies cette nuit sur la vallée ; restez loin de la rivière. "),
    ("de-DE", "Böen &amp; Starkregen erreichen heute Nacht das Tal; bleiben Sie dem Fluss fern. "),
    ("es-ES", "Rachas &amp; lluvia intensa esta noche en el valle; aléjese del río. "),
    ("it-IT", "Raffiche &amp; piogge forti stanotte nella valle; state lontani dal fiume. "),
    ("pt-PT", "Rajadas &amp; chuva forte esta noite no vale; afaste-se do rio. "),
    ("nl-NL", "Windstoten &amp; zware regen bereiken vannacht het dal; blijf weg van de rivier. "),
    ("pl-PL", "Porywy wiatru &amp; ulewy dotrą w nocy do doliny; nie zbliżaj się do rzeki. "),
    ("cs-CZ", "Nárazy větru &amp; silný déšť v noci zasáhnou údolí; nechoďte k řece. "),
    ("hu-HU", "Széllökések &amp; felhőszakadás éri el ma éjjel a völgyet; kerülje a folyót. "),
    ("ro-RO", "Rafale &amp; ploi puternice ajung la noapte în vale; stați departe de râu. "),
    ("tr-TR", "Bu gece vadide fırtına &amp; kuvvetli yağış var; nehirden uzak durun. "),
    ("el-GR", "Ισχυροί άνεμοι &amp; βροχές απόψε στην κοιλάδα· μείνετε μακριά από το ποτάμι. "),
    ("ru-RU", "Ночью в долине шквалы &amp; сильный дождь; держитесь подальше от реки. "),
    ("uk-UA", "Вночі в долині шквали &amp; сильний дощ; тримайтеся подалі від річки. "),
    ("bg-BG", "Тази нощ в долината има бури &amp; силен дъжд; стойте далеч от реката. "),
    ("ar-SA", "رياح قوية &amp; أمطار غزيرة الليلة في الوادي؛ ابتعدوا عن النهر. "),
    ("he-IL", "רוחות חזקות &amp; גשם כבד הלילה בעמק; התרחקו מן הנהר. "),
    ("hi-IN", "आज रात घाटी में तेज़ हवा &amp; भारी वर्षा; नदी से दूर रहें। "),
    ("bn-BD", "আজ রাতে উপত্যকায় ঝড় &amp; ভারী বৃষ্টি; নদী থেকে দূরে থাকুন। "),
    ("th-TH", "คืนนี้ลมแรง &amp; ฝนตกหนักในหุบเขา โปรดอยู่ห่างจากแม่น้ำ "),
    ("vi-VN", "Đêm nay gió giật &amp; mưa lớn ở thung lũng; hãy tránh xa bờ sông. "),
    ("zh-CN", "今夜山谷有强阵风&amp;暴雨，请远离河岸。"),
    ("ja-JP", "今夜、谷では突風&amp;大雨のおそれがあります。川に近づかないでください。"),
    ("ko-KR", "오늘 밤 골짜기에 돌풍 &amp; 폭우가 예상됩니다. 강에서 떨어지세요. "),
];

struct Info {
    language: &'static Language,
    text_chars: usize,
    /// Points of each area's polygon.
    rings: &'static [u32],
    geocodes: u32,
    /// How much further east its polygons lie, degrees.
    east_deg: f64,
}

fn alert(infos: impl Iterator<Item = Info>) -> String {
    let infos: String = infos.map(|info| info.xml()).collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>vallonne-2026-0105-storm</identifier>
  <sender>weather@vallonne.example</sender>
  <sent>2026-01-05T14:00:00+01:00</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <source>Desk 2</source>
  <scope>Public</scope>
  <code>urn:example:vallonne:1</code>
{infos}</alert>
"#
    )
}

impl Info {
    fn xml(&self) -> String {
        let language = self.language.0;
        let (headline, description, instruction) =
            (self.words(80), self.words(self.text_chars), self.words(self.text_chars / 2));
        let areas: String = self.rings.iter().map(|&points| self.area(points)).collect();
        format!(
            r"  <info>
    <language>{language}</language>
    <category>Met</category>
    <event>Storm</event>
    <responseType>Shelter</responseType>
    <urgency>Immediate</urgency>
    <severity>Extreme</severity>
    <certainty>Observed</certainty>
    <eventCode><valueName>OET:v1.2</valueName><value>OET-184</value></eventCode>
    <effective>2026-01-05T14:00:00+01:00</effective>
    <onset>2026-01-05T16:00:00+01:00</onset>
    <expires>2026-01-05T23:00:00+01:00</expires>
    <senderName>Vallonne Weather</senderName>
    <headline>{headline}</headline>
    <description>{description}</description>
    <instruction>{instruction}</instruction>
    <web>https://vallonne.example/storm</web>
    <contact>weather@vallonne.example</contact>
    <parameter><valueName>gusts</valueName><value>110 to 130 km/h from the south-west</value></parameter>
{areas}  </info>
"
        )
    }

    fn area(&self, points: u32) -> String {
        let mut geocodes = String::new();
        for number in 0..self.geocodes {
            let code = 50_600 + number;
            let line = "      <geocode><valueName>INSEE</valueName><value>";
            writeln!(geocodes, "{line}{code}</value></geocode>").expect("a string takes everything");
        }
        let (words, ring) = (self.words(60), ring(points, self.east_deg));
        format!(
            "    <area>\n      <areaDesc>{words}</areaDesc>\n      <polygon>{ring}</polygon>\n{geocodes}    </area>\n"
        )
    }

    /// The language's sentence again and again, about so many characters, cut at its end.
    fn words(&self, chars: usize) -> String {
        let sentence = self.language.1;
        sentence.repeat(chars.div_ceil(sentence.chars().count())).trim_end().to_owned()
    }
}

/// A wavy ring around a valley, closed, with four decimals.
fn ring(points: u32, east_deg: f64) -> String {
    let pairs = (0..=points).map(|number| {
        let turn = f64::from(number % points) / f64::from(points) * std::f64::consts::TAU;
        let reach = 1.0 + 0.1 * (turn * 7.0).sin();
        format!("{:.4},{:.4}", 48.5 + 0.4 * reach * turn.sin(), -1.2 + east_deg + 0.5 * reach * turn.cos())
    });
    pairs.collect::<Vec<_>>().join(" ")
}
