//! Too much of something: each of these is about as long as a server takes.

use super::documents::{Hostile, STORM, beside, edit, filled, hostile, says, storm};

pub fn towers() -> Vec<Hostile> {
    let tower = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    vec![
        beside("a tower of 32 levels", "too-deep", &tower(32)),
        beside("a tower of 1,000 levels", "too-deep", &tower(1_000)),
        beside("a tower as high as fits", "too-deep", &tower(140_000)),
        beside("a tower without ends", "too-deep", &filled("<a>")),
        beside("a tower of namespaces", "too-deep", &filled("<a xmlns='b'>")),
        beside("a tower in another vocabulary", "too-deep", &format!("<x xmlns='u'>{}", tower(1_000))),
        hostile("a tower for a root", "too-deep", tower(1_000)),
        beside("a tower of references to nothing", "entity-refused", &filled("&a;")),
    ]
}

pub fn floods() -> Vec<Hostile> {
    let many = |name: &str, code, text: &str| beside(name, code, &filled(text));
    vec![
        many("a flood of elements", "too-many-elements", "<a/>"),
        many("a flood of pairs of tags", "too-many-elements", "<a></a>"),
        many("a flood of elements with attributes", "element-unknown", "<abcde f='1'/>"),
        beside(
            "a flood of names",
            "too-many-elements",
            &(0..110_000).map(|number| format!("<a{number}/>")).collect::<String>(),
        ),
        beside(
            "a flood of names, each twice",
            "more-errors",
            &(0..49_000).map(|number| format!("<a{number}/><b/>")).collect::<String>(),
        ),
        many("a flood of another vocabulary", "more-repairs", "<x:a xmlns:x='u'/>").harmless(),
        many("a flood of codes", "more-errors", "<code a='1'/><scope/>"),
        many("a flood of comments", "element-unknown", "<!---->").with("<a/>"),
        many("a flood of instructions", "element-unknown", "<?a?>").with("<a/>"),
        many("a flood of CDATA sections", "text-stray", "<![CDATA[x]]>").harmless(),
        many("a flood of references", "text-stray", "&amp;").harmless(),
        many("a flood of line ends", "element-unknown", "\r\n").with("<a/>"),
        many("a flood of stray text", "text-stray", "x").harmless(),
        beside("a flood of infos", "too-many-infos", &"<info/>".repeat(90_000)),
        many(
            "a flood of signatures",
            "signature-unsupported",
            "<s:Signature xmlns:s='http://www.w3.org/2000/09/xmldsig#'/>",
        )
        .harmless(),
        edit(
            "a flood of areas",
            "too-many-areas",
            "<area>",
            &format!("{}<area>", "<area><areaDesc>a</areaDesc></area>".repeat(10_001)),
        ),
        edit("a flood of empty areas", "more-errors", "<area>", &format!("{}<area>", "<area/>".repeat(90_000))),
        edit(
            "a flood of circles",
            "too-many-rings",
            "<circle>",
            &format!("{}<circle>", "<circle>1,1 1</circle>".repeat(10_001)),
        ),
        edit("a flood of geocodes", "element-missing", "</area>", &format!("{}</area>", filled("<geocode/>"))),
        edit(
            "a flood of parameters",
            "attribute-unexpected",
            "<area>",
            &format!("{}<area>", filled("<parameter a='1'><valueName>a</valueName><value>b</value></parameter>")),
        )
        .harmless(),
        edit(
            "a flood of categories",
            "value-unknown",
            "<event>",
            &format!("{}<event>", filled("<category>x</category>")),
        ),
        edit("a flood of event codes in many languages", "more-notes", "</info>", &translations()).harmless(),
    ]
}

/// One info with very many event codes, and a hundred that are to be compared with it.
fn translations() -> String {
    let info = |language: &str, codes: &str| {
        format!(
            "</info><info><language>{language}</language><category>Met</category><event>e</event><urgency>Past</urgency><severity>Minor</severity><certainty>Likely</certainty>{codes}"
        )
    };
    let codes: String = (0..100)
        .map(|number| format!("<eventCode><valueName>a</valueName><value>{number}</value></eventCode>"))
        .collect();
    let infos: String = (0..120).map(|number| info(if number % 2 == 0 { "en-GB" } else { "fr" }, &codes)).collect();
    format!("{infos}</info>")
}

impl Hostile {
    /// With a little more beside the scope.
    fn with(self, more: &str) -> Self {
        let text = String::from_utf8(self.bytes).expect("text").replacen("</scope>", &format!("</scope>{more}"), 1);
        Self { bytes: text.into_bytes(), ..self }
    }
}

pub fn long_values() -> Vec<Hostile> {
    let references = |name: &str, code, references: &str| {
        hostile(
            name,
            code,
            STORM
                .replace(">Alert<", ">Update<")
                .replace("</scope>", &format!("</scope><references>{references}</references>")),
        )
    };
    vec![
        beside("a name of a megabyte", "element-unknown", &format!("<{}/>", filled("n"))),
        hostile("a root of a megabyte", "root-not-alert", format!("<{}/>", filled("n"))),
        edit("an identifier of a megabyte", "identifier-characters", "storm-1", &filled("x,")),
        edit("a status of a megabyte", "value-unknown", "Actual", &filled("x")),
        edit("a time of a megabyte", "datetime-invalid", "2026-03-01T14:30:00+01:00</sent>", &format!("{}</sent>", filled("2"))),
        edit("a language of a megabyte", "language-invalid", "en-GB", &filled("a-")).harmless(),
        says("a headline of a megabyte", "headline-long", &filled("storm ")).harmless(),
        says("a headline of HTML", "text-markup", &filled("&lt;b>")).harmless(),
        says("a headline of one word", "headline-long", &filled("é")).harmless(),
        references("a megabyte of references", "too-many-references", &filled("a,b,2026-03-01T14:30:00-00:00 ")),
        references("a megabyte of commas as a reference", "reference-invalid", &filled(",")),
        references("a reference to itself", "reference-self", "met@vallonne.example,storm-1,2026-03-01T14:30:00+01:00"),
        beside("a megabyte of addresses", "element-unknown", &format!("<addresses>{}</addresses>", filled("\"a b\" "))).with("<a/>"),
        beside("a megabyte of quotes", "quote-open", &format!("<addresses>{}\"</addresses>", filled("\"\""))).harmless(),
        edit("a web address of a megabyte", "uri-characters", "<area>", &format!("<web>{}</web><area>", filled("a b"))).harmless(),
        edit("a megabyte of base64", "digest-differs", "<area>", &format!("<resource><resourceDesc>a</resourceDesc><mimeType>a/b</mimeType><uri>a</uri><derefUri>{}</derefUri><digest>{}</digest></resource><area>", filled("AAAA"), "0".repeat(40))).harmless(),
    ]
}

pub fn signatures() -> Vec<Hostile> {
    let signature = |inner: &str| format!("<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'>{inner}</Signature>");
    let method = "<CanonicalizationMethod Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/><SignatureMethod Algorithm='http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'/>";
    let reference = |uri: &str, transform: &str| {
        format!(
            "<SignedInfo>{method}<Reference URI='{uri}'><Transforms><Transform Algorithm='{transform}'/></Transforms><DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/><DigestValue>AAAA</DigestValue></Reference></SignedInfo><SignatureValue>AAAA</SignatureValue>"
        )
    };
    let enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
    let last = |name: &str, code, inner: &str| {
        edit(name, code, "</alert>", &format!("{}</alert>", signature(inner))).harmless()
    };
    vec![
        last("a signature of nothing", "signature-invalid", ""),
        last("a signature of what is elsewhere", "signature-unsupported", &reference("http://127.0.0.1:1/", enveloped)),
        last("a signature of a file", "signature-unsupported", &reference("file:///etc/passwd", enveloped)),
        last("a signature of another element", "signature-unsupported", &reference("#other", enveloped)),
        last(
            "a signature by a style sheet",
            "signature-unsupported",
            &reference("", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        ),
        last(
            "a signature by XPath",
            "signature-unsupported",
            &reference("", "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        ),
        last("a signature with an alert inside", "signature-invalid", &format!("<Object>{}</Object>", storm())),
        last("a signature of a megabyte", "signature-invalid", &format!("<Object>{}</Object>", filled("x"))),
        hostile("an alert inside a signature", "root-not-alert", signature(&format!("<Object>{}</Object>", storm()))),
        edit("a signature in an info", "signature-misplaced", "<area>", &format!("{}<area>", signature(""))).harmless(),
    ]
}

pub fn feeds() -> Vec<Hostile> {
    let escaped = storm().replace('&', "&amp;").replace('<', "&lt;");
    let cap = "xmlns:c='urn:oasis:names:tc:emergency:cap:1.2'";
    let atom = |inner: &str| format!("<feed xmlns='http://www.w3.org/2005/Atom' {cap}>{inner}</feed>");
    let rss = |inner: &str| format!("<rss><channel>{inner}</channel></rss>");
    vec![
        hostile("a feed", "root-is-a-feed", atom(storm())),
        hostile("a feed of nothing", "root-is-a-feed", atom("")),
        hostile("a feed of empty alerts", "root-is-a-feed", atom(&filled("<c:alert/>"))),
        hostile(
            "a feed of alerts as text",
            "root-is-a-feed",
            rss(&filled(&format!("<description>{escaped}</description>"))),
        ),
        hostile("a feed of empty alerts as text", "root-is-a-feed", rss(&filled("<a>&lt;alert/></a>"))),
        hostile("a feed in a feed", "root-is-a-feed", rss(&format!("<item>{}</item>", atom(storm())))),
        hostile("an envelope of EDXL", "root-is-a-feed", format!("<EDXLDistribution>{}</EDXLDistribution>", storm())),
        hostile("a list of IPAWS", "root-is-a-feed", format!("<alerts>{}</alerts>", storm())),
    ]
}
