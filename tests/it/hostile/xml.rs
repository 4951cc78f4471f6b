//! What is not XML, or more of XML than is safe.

use super::documents::{Hostile, STORM, beside, edit, filled, hostile, says, storm};

/// A document type before the storm.
fn typed(name: &str, subset: &str) -> Hostile {
    hostile(name, "dtd-refused", format!("<!DOCTYPE alert {subset}>{}", storm().replace("Storm over", "&x; over")))
}

pub fn entities() -> Vec<Hostile> {
    let laughs: String = (1..10).map(|n| format!("<!ENTITY l{n} '{}'>", format!("&l{};", n - 1).repeat(10))).collect();
    let ring = "[<!ENTITY x '&y;'><!ENTITY y '&x;'>]";
    vec![
        typed("billion laughs", &format!("[<!ENTITY l0 'ha'>{laughs}<!ENTITY x '&l9;'>]")),
        typed("quadratic blow-up", &format!("[<!ENTITY x '{}'>]", filled("a"))),
        typed("entities in a ring", ring),
        typed("a file by an entity", "[<!ENTITY x SYSTEM 'file:///etc/passwd'>]"),
        typed("a page by an entity", "[<!ENTITY x SYSTEM 'http://127.0.0.1:1/'>]"),
        typed("a device by an entity", "[<!ENTITY x SYSTEM 'file:///dev/zero'>]"),
        typed("a filter by an entity", "[<!ENTITY x SYSTEM 'php://filter/read=convert.base64-encode/resource=x'>]"),
        typed("a parameter entity", "[<!ENTITY % p SYSTEM 'http://127.0.0.1:1/x.dtd'> %p;]"),
        typed("a parameter entity that says itself", "[<!ENTITY % p '%p;'> %p;]"),
        typed("an external subset", "SYSTEM 'http://127.0.0.1:1/x.dtd'"),
        typed("a public subset", "PUBLIC '-//X//Y' 'http://127.0.0.1:1/x.dtd'"),
        typed("an empty subset", "[]"),
        typed("a subset of a megabyte", &format!("[{}]", filled("<!ELEMENT a ANY>"))),
        typed("an attribute by default", "[<!ATTLIST alert xmlns CDATA 'urn:x'>]"),
        typed("an unparsed entity", "[<!NOTATION n SYSTEM 'n'><!ENTITY x SYSTEM 'x' NDATA n>]"),
        hostile("a document type in small letters", "dtd-refused", format!("<!doctype alert>{}", storm())),
        hostile("a page of HTML", "dtd-refused", "<!DOCTYPE html><html><body>503<br></body></html>"),
        hostile("a document type that does not end", "not-well-formed", format!("<!DOCTYPE alert [{}", storm())),
        beside("a document type inside", "dtd-refused", "<!DOCTYPE alert>"),
        hostile("a document type after the end", "dtd-refused", format!("{STORM}<!DOCTYPE alert>")),
        says("an entity that nobody declared", "entity-refused", "&x; over"),
        says("an entity of HTML", "entity-refused", "Storm&nbsp;over"),
        says("a long name of an entity", "entity-refused", &format!("&{};", filled("x"))),
        edit("an entity in an attribute", "entity-refused", "<scope>", "<scope a='&x;'>"),
        edit("an entity in a namespace", "entity-refused", "cap:1.2\"", "cap:&v;\""),
        beside(
            "XInclude",
            "element-foreign",
            "<i:include xmlns:i='http://www.w3.org/2001/XInclude' href='/etc/passwd'/>",
        )
        .harmless(),
        hostile(
            "a style sheet",
            "element-unknown",
            format!("<?xml-stylesheet href='http://127.0.0.1:1/x.xsl'?>{}", storm().replace("<scope>", "<a/><scope>")),
        ),
    ]
}

pub fn references() -> Vec<Hostile> {
    let forbidden = [
        "&#0;",
        "&#1;",
        "&#8;",
        "&#11;",
        "&#12;",
        "&#31;",
        "&#xFFFE;",
        "&#xFFFF;",
        "&#xD800;",
        "&#xDBFF;",
        "&#xDC00;",
        "&#xDFFF;",
        "&#xD83D;&#xDE00;",
        "&#x110000;",
        "&#x7FFFFFFF;",
        "&#4294967361;",
        "&#99999999999999999999;",
        "&#xFFFFFFFFFFFFFFFFFFFFFFFF41;",
    ];
    let refused = [
        "&#;",
        "&#x;",
        "&#xG;",
        "&#-65;",
        "&#+65;",
        "&# 65;",
        "&#X41;",
        "&#65.0;",
        "&;",
        "& ;",
        "&amp;&lt",
        "&amp;&Amp;",
    ];
    let ill = ["&", "& and", "&amp", "&#65", "&&amp;", "a & b"];
    let forbidden = forbidden.iter().map(|text| says(format!("the reference {text}"), "control-character", text));
    let refused = refused.iter().map(|text| {
        says(
            format!("the reference {text}"),
            if text.ends_with("&lt") { "not-well-formed" } else { "entity-refused" },
            text,
        )
    });
    let ill = ill.iter().map(|text| says(format!("the reference {text}"), "not-well-formed", text));
    let long = says("a reference of a megabyte", "control-character", &format!("&#{};", filled("0")));
    forbidden.chain(refused).chain(ill).chain([long]).collect()
}

/// The storm with bytes of its headline written otherwise.
fn bytes(name: &str, code: &'static str, headline: &[u8]) -> Hostile {
    let (before, after) = STORM.split_once("Storm over").expect("a headline");
    hostile(name, code, [before.as_bytes(), headline, after.as_bytes()].concat())
}

fn utf_16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.replace(" encoding=\"UTF-8\"", "").encode_utf16().flat_map(to_bytes).collect()
}

/// The storm in UTF-16, little-endian, with units of its headline written otherwise.
fn units(name: &str, units: &[u16]) -> Hostile {
    let (before, after) = STORM.split_once("Storm over").expect("a headline");
    let middle = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let mark = b"\xFF\xFE".to_vec();
    hostile(
        name,
        "encoding-invalid",
        [mark, utf_16(before, u16::to_le_bytes), middle, utf_16(after, u16::to_le_bytes)].concat(),
    )
}

pub fn encodings() -> Vec<Hostile> {
    let invalid: [(&str, &[u8]); 16] = [
        ("a slash too long by one", b"\xC0\xAF"),
        ("a slash too long by two", b"\xE0\x80\xAF"),
        ("a slash too long by three", b"\xF0\x80\x80\xAF"),
        ("a NUL too long by one", b"\xC0\x80"),
        ("a tag's beginning too long by one", b"\xC0\xBCx>"),
        ("a lone high surrogate in UTF-8", b"\xED\xA0\x80"),
        ("a lone low surrogate in UTF-8", b"\xED\xB0\x80"),
        ("a pair of surrogates in UTF-8", b"\xED\xA0\xBD\xED\xB8\x80"),
        ("a character beyond Unicode", b"\xF4\x90\x80\x80"),
        ("a character of five bytes", b"\xF8\x88\x80\x80\x80"),
        ("a character of six bytes", b"\xFC\x84\x80\x80\x80\x80"),
        ("the byte FE", b"\xFE"),
        ("the byte FF", b"\xFF"),
        ("a lone continuation", b"\x80"),
        ("half a character", b"\xE2\x82"),
        ("Windows-1252 as UTF-8", b"Storm \x96 temp\xEAte"),
    ];
    let invalid = invalid.into_iter().map(|(name, headline)| bytes(name, "encoding-invalid", headline));
    let odd = [b"\xFF\xFE".to_vec(), utf_16(STORM, u16::to_le_bytes), b"\x20".to_vec()].concat();
    let swapped = [b"\xFE\xFF".to_vec(), utf_16(STORM, u16::to_le_bytes)].concat();
    let wide =
        |to_bytes: fn(u32) -> [u8; 4]| STORM.chars().flat_map(|one| to_bytes(u32::from(one))).collect::<Vec<u8>>();
    let others = vec![
        units("a lone high surrogate in UTF-16", &[0xD800]),
        units("a lone low surrogate in UTF-16", &[0xDC00]),
        units("a pair the wrong way round in UTF-16", &[0xDC00, 0xD800]),
        units("two high surrogates in UTF-16", &[0xD800, 0xD800, 0xDC00]),
        hostile("half a unit of UTF-16 at the end", "encoding-invalid", odd),
        hostile("the mark of the other UTF-16", "not-well-formed", swapped),
        hostile(
            "UTF-32 with its mark",
            "control-character",
            [b"\xFF\xFE\0\0".to_vec(), wide(u32::to_le_bytes)].concat(),
        ),
        hostile(
            "UTF-32 the other way round",
            "control-character",
            [b"\0\0\xFE\xFF".to_vec(), wide(u32::to_be_bytes)].concat(),
        ),
        hostile("UTF-32 without a mark", "control-character", wide(u32::to_le_bytes)),
        hostile("two byte order marks", "not-well-formed", format!("\u{FEFF}\u{FEFF}{STORM}")),
        hostile("a byte order mark and nothing", "not-well-formed", "\u{FEFF}"),
        hostile("EBCDIC", "encoding-invalid", b"\x4C\x6F\xA7\x94\x93\x40\xA5\x85\x99\xA2\x89\x96\x95\x7E".to_vec()),
        hostile("gzip", "encoding-invalid", b"\x1F\x8B\x08\0\0\0\0\0\0\x03\xCB\xC8".to_vec()),
        hostile("zip", "control-character", b"PK\x03\x04\x14\0\0\0\x08\0".to_vec()),
        hostile("a picture", "encoding-invalid", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR".to_vec()),
        hostile("a megabyte of NUL", "control-character", vec![0; 1_000_000]),
        hostile("a megabyte of FF", "encoding-invalid", vec![0xFF; 1_000_000]),
        hostile("nothing", "not-well-formed", ""),
        hostile("a blank", "not-well-formed", " "),
        hostile("JSON", "not-well-formed", "{\"alert\":{\"identifier\":\"storm-1\"}}"),
        hostile("words", "not-well-formed", "There will be a storm."),
    ];
    invalid.chain(others).collect()
}

pub fn declarations() -> Vec<Hostile> {
    let label = |name: &str, code, label: &str| edit(name, code, "UTF-8", label);
    let declared = |name: &str, code, declaration: &str| hostile(name, code, format!("{declaration}{}", storm()));
    let long = filled("x");
    vec![
        label("UTF-7", "encoding-unknown", "UTF-7"),
        label("UTF-32 by its name", "encoding-unknown", "UTF-32"),
        label("EBCDIC by its name", "encoding-unknown", "cp037"),
        label("an encoding that is only refused", "encoding-unknown", "ISO-2022-KR"),
        label("an encoding with no name", "encoding-unknown", ""),
        label("an encoding of two words", "encoding-unknown", "no such"),
        label("a long name of an encoding", "not-well-formed", &filled("/")),
        label("UTF-16 that is not", "encoding-misdeclared", "UTF-16").harmless(),
        declared("a version of the future", "not-well-formed", "<?xml version='2.0'?>"),
        declared("no version", "not-well-formed", "<?xml encoding='UTF-8'?>"),
        declared("a version twice", "not-well-formed", "<?xml version='1.0' version='1.0'?>"),
        declared("an encoding before the version", "not-well-formed", "<?xml encoding='UTF-8' version='1.0'?>"),
        declared("a declaration of nothing", "not-well-formed", "<?xml?>"),
        declared(
            "a declaration that stands alone, perhaps",
            "not-well-formed",
            "<?xml version='1.0' standalone='perhaps'?>",
        ),
        declared("a declaration without quotes", "not-well-formed", "<?xml version=1.0?>"),
        declared("a declaration that does not end", "not-well-formed", "<?xml version='1.0'"),
        declared("a declaration in capitals", "not-well-formed", "<?XML version='1.0'?>"),
        declared("a long declaration", "not-well-formed", &format!("<?xml version='1.0' {long}?>")),
        declared("a declaration after a blank", "not-well-formed", " <?xml version='1.0'?>"),
        declared("two declarations", "not-well-formed", "<?xml version='1.0'?><?xml version='1.0'?>"),
        beside("a declaration inside", "not-well-formed", "<?xml version='1.0'?>"),
    ]
}

pub fn controls() -> Vec<Hostile> {
    let everywhere = ['\0', '\u{1}', '\u{8}', '\u{B}', '\u{C}', '\u{E}', '\u{1B}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'];
    let everywhere = everywhere.into_iter().map(|character| {
        says(
            format!("U+{:04X} in a text", u32::from(character)),
            "control-character",
            &format!("Storm{character} over"),
        )
    });
    let places = [
        ("an attribute", "<scope a='\0'/>"),
        ("a comment", "<!-- \0 -->"),
        ("a CDATA section", "<![CDATA[\0]]>"),
        ("an instruction", "<?x \0?>"),
        ("a name", "<a\0b/>"),
    ];
    let places = places.into_iter().map(|(place, more)| beside(format!("NUL in {place}"), "control-character", more));
    everywhere.chain(places).collect()
}

pub fn unfinished() -> Vec<Hostile> {
    let ends = [
        "<",
        "</",
        "<!",
        "<!-",
        "<!--",
        "<!-- -",
        "<!-- --",
        "<![CDATA[",
        "<![CDATA[ ]]",
        "<?",
        "<?x",
        "<a",
        "<a ",
        "<a b",
        "<a b=",
        "<a b='",
        "<a b='c'",
        "<a/",
        "&",
        "&#",
        "<a>",
        "</a",
    ];
    let ends = ends.iter().map(|end| {
        let begun = STORM.split_once("</scope>").expect("a scope").0;
        hostile(format!("the end after {end}"), "not-well-formed", format!("{begun}</scope>{end}"))
    });
    let wrong = [
        ("a comment in a comment", "<!-- <!-- --> -->"),
        ("a comment that ends with three", "<!-- --->"),
        ("the end of a CDATA section in a text", "]]>"),
        ("a CDATA section in small letters", "<![cdata[x]]>"),
        ("a condition", "<![IGNORE[x]]>"),
        ("a declaration of an element", "<!ELEMENT a ANY>"),
        ("an end without a beginning", "</a>"),
        ("ends the wrong way round", "<a><b></a></b>"),
        ("an end in other letters", "<a></A>"),
        ("an end with an attribute", "<a></a b='c'>"),
        ("a blank before a name", "< a/>"),
        ("a blank before the name of an end", "<a></ a>"),
        ("a blank in the end of an empty tag", "<a/ >"),
        ("an instruction without a name", "<? x?>"),
        ("an instruction called xml", "<?xMl x?>"),
        ("an instruction without a blank", "<?a+b?>"),
    ];
    let wrong = wrong.into_iter().map(|(name, more)| beside(name, "not-well-formed", more));
    let outside = [
        hostile("text before", "not-well-formed", format!("x{}", storm())),
        hostile("text after", "not-well-formed", format!("{STORM}x")),
        hostile("a reference after", "not-well-formed", format!("{STORM}&amp;")),
        hostile("a CDATA section after", "not-well-formed", format!("{STORM}<![CDATA[]]>")),
        hostile("a second root", "not-well-formed", format!("{STORM}<alert/>")),
        hostile("an end after", "not-well-formed", format!("{STORM}</alert>")),
        hostile("two documents", "not-well-formed", format!("{STORM}{STORM}")),
    ];
    ends.chain(wrong).chain(outside).collect()
}

pub fn attributes() -> Vec<Hostile> {
    let ill = [
        "b",
        "b=",
        "b=c",
        "b='<'",
        "b='c",
        "b='c'd='e'",
        "b='1' b='2'",
        "='c'",
        "b=='c'",
        "b='&'",
        "1b='c'",
        "b:='c'",
        ":b='c'",
        "b:c:d='e'",
        "b='c',",
        "xml:lang='fr' xml:lang='en'",
    ];
    let ill =
        ill.iter().map(|text| beside(format!("the attribute {text}"), "not-well-formed", &format!("<a {text}/>")));
    let many: String = (0..70_000).map(|number| format!(" a{number}='1'")).collect();
    let long = beside("an attribute of a megabyte", "too-many-attributes", &format!("<a b='{}'/>", filled("c")));
    ill.chain([beside("as many attributes as fit", "too-many-attributes", &format!("<a{many}/>")), long]).collect()
}

pub fn names() -> Vec<Hostile> {
    let ill = [
        "1a",
        "-a",
        ".a",
        ":a",
        "a:",
        "a:b:c",
        "a+b",
        "a@b",
        "a'b",
        "×",
        "a×",
        "a÷b",
        "·a",
        "\u{300}a",
        "a\u{2028}b",
        "\u{37E}",
        "a,b",
        "#text",
    ];
    ill.iter().map(|name| beside(format!("the name {name}"), "not-well-formed", &format!("<{name}/>"))).collect()
}

pub fn namespaces() -> Vec<Hostile> {
    const CAP: &str = "urn:oasis:names:tc:emergency:cap:1.2";
    let undeclared = [
        ("a prefix of nothing", "<x:a/>"),
        ("a prefix of nothing on an attribute", "<a x:b='c'/>"),
        ("a prefix that ended before", "<a xmlns:x='u'/><x:b/>"),
        ("an element called xmlns", "<xmlns:a/>"),
    ];
    let ill = [
        ("a prefix for no namespace", "<a xmlns:x=''/>"),
        ("xml meaning another", "<a xmlns:xml='u'/>"),
        ("another meaning xml", "<a xmlns:x='http://www.w3.org/XML/1998/namespace'/>"),
        ("xml by default", "<a xmlns='http://www.w3.org/XML/1998/namespace'/>"),
        ("a declaration of xmlns", "<a xmlns:xmlns='u'/>"),
        ("another meaning xmlns", "<a xmlns:x='http://www.w3.org/2000/xmlns/'/>"),
        ("an attribute twice by two prefixes", "<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>"),
        ("an attribute twice by a reference", "<a xmlns:x='u' xmlns:y='&#117;' x:b='1' y:b='2'/>"),
    ];
    let undeclared = undeclared.into_iter().map(|(name, more)| beside(name, "prefix-undeclared", more));
    let ill = ill.into_iter().map(|(name, more)| beside(name, "not-well-formed", more)).chain(undeclared);
    let declarations =
        |from: usize| (from..from + 30).map(|number| format!(" xmlns:n{number}='u'")).collect::<String>();
    let tower: String = (0..20).map(|level| format!("<a{}>", declarations(level * 30))).collect();
    let many: String = (0..50_000).map(|number| format!(" xmlns:n{number}='u'")).collect();
    let prefixed =
        storm().replace("</", "</c:").replace("<", "<c:").replace("<c:/c:", "</c:").replace("xmlns=", "xmlns:c=");
    let other = |name: &str, code, namespace: &str| edit(name, code, CAP, namespace);
    ill.chain([
        beside("more declarations than fit", "too-many-attributes", &format!("<a{many}/>")),
        beside("a tower of declarations", "too-many-attributes", &tower),
        hostile(
            "a prefix that changes its meaning",
            "element-namespace",
            prefixed.replacen("<c:status>", "<c:status xmlns:c='u'>", 1),
        ),
        edit("a default that is taken back", "element-namespace", "<status>", "<status xmlns=''>"),
        edit(
            "an info of another edition",
            "element-namespace",
            "<info>",
            "<info xmlns='urn:oasis:names:tc:emergency:cap:1.1'>",
        ),
        other("an edition of the future", "namespace-unknown", "urn:oasis:names:tc:emergency:cap:1.3"),
        other("a namespace in capitals", "namespace-unknown", "URN:OASIS:NAMES:TC:EMERGENCY:CAP:1.2"),
        other("a namespace with a blank", "namespace-unknown", "urn:oasis:names:tc:emergency:cap:1.2 "),
        other("no namespace", "namespace-unknown", ""),
        other("a namespace of a megabyte", "too-many-attributes", &filled("u")),
    ])
    .collect()
}
