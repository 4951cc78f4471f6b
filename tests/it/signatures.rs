//! XML signatures against an independent judge: `xmlsec1`, with keys that `openssl` makes. What it signs verifies here,
//! what is tampered with is refused by both, and the shared corpus is judged alike.

#[path = "signatures/oracle.rs"]
pub mod oracle;

use crate::support::shared;
use base64::Engine;
use beffroi::cap::finding::Finding;
use beffroi::cap::signature::{PublicKey, SignError, SigningKey, Trust, Verdict, sign};
use beffroi::cap::{self, Options, Reading};
use oracle::{Kind, Oracle};

const SENDER: &str = "sirens@brisemont.example";

/// An alert with what canonicalisation must get right: prefixes, redeclared namespaces, references, CDATA, comments,
/// instructions inside and outside, attributes in disorder, white space of every sort.
const KNOTTY: &str = "<?xml version=\"1.0\"?>\n<?first one?><!-- before -->\r\n<alert \
    xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\" xmlns:b=\"urn:b\"  xmlns:a='urn:a' b:z='1' a:z='2' y=\"3\" \
    xml:lang='fr'>\r\n  <identifier>dam-7</identifier>\n\t<sender>sirens@brisemont.example</sender><?in  side ?>\n  \
    <sent>2026-04-05T06:07:08+02:00</sent><status>Actual</status><!-- in --><msgType>Alert</msgType>\
    <scope>Public</scope><note>a &lt; b &amp;&#38; c &gt; d \u{e9}&#xE9; \"q\" &#13;&#9;<![CDATA[<x> & ]]>]]&gt;</note>\
    <info q='t\ta&#9;b\nc&#10;d&quot;&apos;&lt;&gt;&amp;'><category>Safety</category><event>Dam <!-- c -->watch</event>\
    <urgency>Future</urgency><severity>Severe</severity><certainty>Possible</certainty><parameter><a:x \
    xmlns:a=\"urn:other\" a:k=\"1\" b:k=\"2\" k=\"0\"/><x xmlns=\"\"><y/></x><b:x/></parameter></info>@</alert>\n\
    <!-- after --><?last?>\n";

/// An alert that conforms.
const PLAIN: &str = "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>dam-8</identifier>\
    <sender>sirens@brisemont.example</sender><sent>2026-04-05T06:07:08+02:00</sent><status>Actual</status>\
    <msgType>Alert</msgType><scope>Public</scope><info><category>Safety</category><event>Dam watch</event>\
    <urgency>Future</urgency><severity>Severe</severity><certainty>Possible</certainty><headline>Élan</headline>\
    <area><areaDesc>Below the dam</areaDesc><circle>45.5,6.5 10</circle></area></info>@</alert>";

const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const FORMS: [&str; 6] = [
    INCLUSIVE,
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    EXCLUSIVE,
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
];
const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A signature to be filled in by `xmlsec1`.
struct Template<'a> {
    form: &'a str,
    signed_form: &'a str,
    method: &'a str,
    digest: &'a str,
    uri: &'a str,
    more_transforms: &'a str,
    key_info: &'a str,
}

impl Default for Template<'_> {
    fn default() -> Self {
        Self {
            form: EXCLUSIVE,
            signed_form: EXCLUSIVE,
            method: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            digest: SHA256,
            uri: " URI=\"\"",
            more_transforms: "",
            key_info: "<d:X509Data/>",
        }
    }
}

impl Template<'_> {
    fn text(&self) -> String {
        let Self { form, signed_form, method, digest, uri, more_transforms, key_info } = self;
        format!(
            "<d:Signature xmlns:d=\"{DSIG}\">\n <d:SignedInfo><!-- c -->\n<d:CanonicalizationMethod \
             Algorithm=\"{signed_form}\"/><d:SignatureMethod Algorithm=\"{method}\"/><d:Reference{uri}><d:Transforms>\
             <d:Transform Algorithm=\"{DSIG}enveloped-signature\"/>{more_transforms}<d:Transform Algorithm=\"{form}\">\
             </d:Transform></d:Transforms><d:DigestMethod Algorithm=\"{digest}\"/><d:DigestValue/></d:Reference>\
             </d:SignedInfo><d:SignatureValue/><d:KeyInfo>{key_info}</d:KeyInfo></d:Signature>"
        )
    }

    /// The document with the template where it has its `@`.
    fn in_document(&self, document: &str) -> String {
        document.replacen(">@<", &format!(">{}<", self.text()), 1)
    }
}

fn trusting(key: &PublicKey, sender: &str) -> Options {
    let mut trust = Trust::default();
    trust.pin(sender, key.clone());
    Options { trust, ..Options::default() }
}

fn read(bytes: &[u8]) -> Reading {
    cap::read(bytes, &Options::default())
}

fn about_signatures(findings: &[Finding]) -> Vec<String> {
    let codes = findings.iter().map(|finding| finding.code.clone());
    codes.filter(|code| code.starts_with("signature-")).collect()
}

/// Whether the signature holds by the letter of the standard, as `xmlsec1` judges.
fn holds(reading: &Reading) -> bool {
    let mended = ["signature-whitespace", "signature-earlier"];
    matches!(reading.signature, Verdict::Valid | Verdict::Untrusted)
        && !about_signatures(&reading.findings).iter().any(|code| mended.contains(&code.as_str()))
}

fn key_of(key: &oracle::Key) -> PublicKey {
    PublicKey::from_file(&key.pem).expect("a certificate that openssl made")
}

/// A name and a way to write a text in it.
type Encoding = (&'static str, fn(&str) -> Vec<u8>);

#[test]
fn what_xmlsec1_signs_holds_here_in_every_canonical_form() {
    let oracle = Oracle::new();
    let key = oracle.key(Kind::P256);
    let options = trusting(&key_of(&key), SENDER);
    let encodings: [Encoding; 4] = [
        ("utf-8", |text| text.as_bytes().to_vec()),
        ("marked", |text| [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        ("utf-16", |text| std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()),
        ("latin-1", |text| {
            let text = text.replacen("<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='ISO-8859-1'?>", 1);
            text.chars().map(|character| u8::try_from(character).expect("Latin-1")).collect()
        }),
    ];
    for form in FORMS {
        for signed_form in FORMS {
            let document = Template { form, signed_form, ..Template::default() }.in_document(KNOTTY);
            // The encoding says nothing about the form; all pairs of forms in each would only take longer.
            let tried = if form == signed_form { &encodings[..] } else { &encodings[..1] };
            for (encoding, encode) in tried {
                let signed = oracle.sign(&encode(&document), &key);
                assert!(oracle.verifies(&signed), "{form} {signed_form} {encoding}");
                let reading = cap::read(&signed, &options);
                let about = about_signatures(&reading.findings);
                assert_eq!(reading.signature, Verdict::Valid, "{form} {signed_form} {encoding} {about:?}");
                assert!(about.is_empty(), "{form} {signed_form} {encoding} {about:?}");
            }
        }
    }
}

#[test]
fn what_xmlsec1_signs_holds_here_by_every_algorithm() {
    let oracle = Oracle::new();
    let method = |name: &str| format!("{MORE}{name}");
    let strong = [
        (Kind::Rsa(2048), method("rsa-sha256"), SHA256.to_owned()),
        (Kind::Rsa(3072), method("rsa-sha384"), method("sha384")),
        (Kind::Rsa(4096), method("rsa-sha512"), "http://www.w3.org/2001/04/xmlenc#sha512".to_owned()),
        (Kind::P256, method("ecdsa-sha256"), SHA256.to_owned()),
        (Kind::P256, method("ecdsa-sha512"), SHA256.to_owned()),
        (Kind::Ec("secp384r1"), method("ecdsa-sha384"), method("sha384")),
        (Kind::Ec("secp384r1"), method("ecdsa-sha256"), SHA256.to_owned()),
        (Kind::Ec("secp521r1"), method("ecdsa-sha512"), SHA256.to_owned()),
        (Kind::Ec("secp521r1"), method("ecdsa-sha384"), SHA256.to_owned()),
    ];
    let weak = [
        (Kind::Rsa(2048), format!("{DSIG}rsa-sha1"), SHA256.to_owned()),
        (Kind::Rsa(2048), method("rsa-sha256"), format!("{DSIG}sha1")),
        (Kind::Rsa(1024), method("rsa-sha256"), SHA256.to_owned()),
        (Kind::P256, method("ecdsa-sha1"), SHA256.to_owned()),
        (Kind::Dsa, format!("{DSIG}dsa-sha1"), format!("{DSIG}sha1")),
    ];
    let cases = strong.iter().map(|case| (case, false)).chain(weak.iter().map(|case| (case, true)));
    for ((kind, method, digest), weak) in cases {
        let key = oracle.key(*kind);
        let document = |key_info| Template { method, digest, key_info, ..Template::default() }.in_document(PLAIN);
        let mut key_infos = vec!["<d:X509Data/>"];
        // What this version of xmlsec1 writes of an EC key as a value is not what XML-DSig 1.1 says.
        key_infos.extend(matches!(kind, Kind::Rsa(_) | Kind::Dsa).then_some("<d:KeyValue/>"));
        for key_info in key_infos {
            let signed = oracle.sign(document(key_info).as_bytes(), &key);
            assert!(oracle.verifies(&signed), "{method}");
            let reading = read(&signed);
            assert!(reading.ok(), "{:?}", reading.findings);
            let mut expected = vec!["signature-untrusted"];
            expected.extend(weak.then_some("signature-weak"));
            assert_eq!(about_signatures(&reading.findings), expected, "{method} {key_info}");
            assert_eq!(reading.signature, Verdict::Untrusted);
            let pinned = cap::read(&signed, &trusting(&key_of(&key), SENDER));
            let verdict = if weak { Verdict::Untrusted } else { Verdict::Valid };
            assert_eq!(pinned.signature, verdict, "{method} {key_info} {:?}", pinned.findings);
        }
    }
}

#[test]
fn a_key_speaks_only_for_the_sender_it_is_pinned_for() {
    let oracle = Oracle::new();
    let (key, other) = (oracle.key(Kind::P256), oracle.key(Kind::P256));
    let (public, stranger) = (key_of(&key), key_of(&other));
    let signed = oracle.sign(Template::default().in_document(PLAIN).as_bytes(), &key);
    let verdict = |options: &Options| cap::read(&signed, options).signature;
    assert_eq!(verdict(&trusting(&public, SENDER)), Verdict::Valid);
    assert_eq!(verdict(&trusting(&public, "someone@else.example")), Verdict::Untrusted);
    assert_eq!(verdict(&trusting(&stranger, SENDER)), Verdict::Untrusted);
    let mut trust = Trust::default();
    trust.pin(SENDER, stranger.clone());
    trust.pin(SENDER, PublicKey::from_spki(&public.spki()).expect("what was written"));
    assert_eq!(verdict(&Options { trust, ..Options::default() }), Verdict::Valid, "the second of two pins");
    let mut trust = Trust::default();
    trust.pin_for_anyone(public.clone());
    assert_eq!(verdict(&Options { trust, ..Options::default() }), Verdict::Valid, "a pin for any sender");

    // A signature without its key can be verified only by a pin.
    let bare = Template { key_info: "<d:KeyName>k</d:KeyName>", ..Template::default() }.in_document(PLAIN);
    let signed = oracle.sign(bare.as_bytes(), &key);
    assert_eq!(read(&signed).signature, Verdict::Unsupported);
    assert_eq!(cap::read(&signed, &trusting(&public, SENDER)).signature, Verdict::Valid);
    assert_eq!(cap::read(&signed, &trusting(&stranger, SENDER)).signature, Verdict::Invalid);
    let of_another_kind = key_of(&oracle.key(Kind::Rsa(2048)));
    assert_eq!(cap::read(&signed, &trusting(&of_another_kind, SENDER)).signature, Verdict::Unsupported);
}

#[test]
fn every_changed_letter_is_judged_as_xmlsec1_judges_it() {
    let oracle = Oracle::new();
    let key = oracle.key(Kind::P256);
    let signed = oracle.sign(Template { form: INCLUSIVE, ..Template::default() }.in_document(PLAIN).as_bytes(), &key);
    let signed = String::from_utf8(signed).expect("UTF-8");
    assert!(holds(&read(signed.as_bytes())));
    let begin = signed.find("<alert").expect("an alert");
    // Of a certificate we take the key alone; what else is changed in it is xmlsec1's business.
    let certificate =
        signed.find("<d:X509Certificate>").expect("a certificate")..signed.find("</d:X509Cert").expect("");
    let (mut refused, mut seen, mut apart) = (0, 0, Vec::new());
    let letters = signed.char_indices().filter(|(at, letter)| {
        // The last digit of base64 has bits that must be zero (XML Schema 2 §3.2.16); xmlsec1 lets others pass.
        let is_last = signed.as_bytes().get(at + 1) == Some(&b'=');
        *at > begin && !certificate.contains(at) && !is_last && letter.is_ascii_alphanumeric()
    });
    for (at, letter) in letters.step_by(5) {
        let mut bytes = signed.clone().into_bytes();
        bytes[at] = if letter == 'b' { b'c' } else { b'b' };
        let reading = read(&bytes);
        let (ours, theirs) = (holds(&reading), oracle.verifies(&bytes));
        let context = &signed.as_bytes()[at.saturating_sub(30)..(at + 30).min(signed.len())];
        if ours != theirs {
            apart.push(format!("{theirs} by xmlsec1, {ours} here: {}", String::from_utf8_lossy(context)));
        }
        refused += usize::from(!ours);
        seen += 1;
    }
    assert!(apart.is_empty(), "{apart:#?}");
    assert!(seen > 150 && refused > seen / 2, "{refused} of {seen} refused");
}

/// Ways to have what was signed looked at, and something else read.
#[test]
fn content_cannot_be_wrapped_around_what_was_signed() {
    let oracle = Oracle::new();
    let key = oracle.key(Kind::P256);
    let options = trusting(&key_of(&key), SENDER);
    let verdict = |document: &str| cap::read(document.as_bytes(), &options).signature;
    let with_id = PLAIN.replacen("<alert ", "<alert Id=\"me\" ", 1);
    let by_id = Template { uri: " URI=\"#me\"", ..Template::default() }.in_document(&with_id);
    let signed = String::from_utf8(oracle.sign(by_id.as_bytes(), &key)).expect("UTF-8");
    let signed = signed.trim_start_matches("<?xml version=\"1.0\"?>\n");
    assert_eq!(verdict(signed), Verdict::Valid, "an alert that is referred to by its own Id");

    let (head, rest) = signed.split_once("<d:Signature").expect("a signature");
    let (signature, tail) = rest.split_once("</d:Signature>").expect("its end");
    let signature = format!("<d:Signature{signature}</d:Signature>");
    let original = format!("{head}{tail}");
    let evil = |id: &str| original.replacen("Id=\"me\"", id, 1).replace("Dam watch", "All is well");
    let put = |alert: &str, more: &str| alert.replacen("</info>", &format!("</info>{more}"), 1);
    let held = signature.replace("</d:Signature>", &format!("<d:Object>{original}</d:Object></d:Signature>"));
    let nested = format!("{original}{signature}");
    for (forged, expected) in [
        (put(&evil(""), &held), Verdict::Unsupported),
        (put(&evil("Id=\"me\""), &held), Verdict::Invalid),
        (put(&evil("Id=\"other\""), &nested), Verdict::Unsupported),
        (put(&evil(""), &signature), Verdict::Unsupported),
        (put(&evil("Id=\"me\""), &signature), Verdict::Invalid),
        // The signature stands in the alert that is carried, not in the one that is read.
        (put(&evil(""), &put(&original, &signature)), Verdict::None),
        (put(&evil(""), &format!("<x xmlns=\"urn:x\">{}</x>", put(&original, &signature))), Verdict::None),
    ] {
        assert_eq!(verdict(&forged), expected, "{forged}");
    }
    // In a feed each alert answers for itself.
    let feed = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\">{}{signed}</feed>", put(&evil(""), &signature));
    let seen: Vec<_> = cap::survey(feed.as_bytes(), &options).outlines.iter().map(|alert| alert.signature).collect();
    assert_eq!(seen, [Verdict::Unsupported, Verdict::Valid]);
}

#[test]
fn what_would_be_fetched_filtered_or_shared_is_not_supported() {
    let oracle = Oracle::new();
    let key = oracle.key(Kind::P256);
    let options = trusting(&key_of(&key), SENDER);
    let transform = |name: &str, inside: &str| format!("<d:Transform Algorithm=\"{name}\">{inside}</d:Transform>");
    let xpath = transform(
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "<d:XPath>not(ancestor-or-self::*[local-name()='event'])</d:XPath>",
    );
    let filtered = Template { more_transforms: &xpath, ..Template::default() }.in_document(PLAIN);
    let filtered = oracle.sign(filtered.as_bytes(), &key);
    assert!(oracle.verifies(&filtered), "xmlsec1 lets content be left out");
    assert_eq!(cap::read(&filtered, &options).signature, Verdict::Unsupported);

    let hmac = format!("{MORE}hmac-sha256");
    let secret = Template { method: &hmac, key_info: "<d:KeyName>k</d:KeyName>", ..Template::default() };
    let secret = oracle.sign_with_secret(secret.in_document(PLAIN).as_bytes(), b"known to both sides");
    assert_eq!(cap::read(&secret, &options).signature, Verdict::Unsupported);

    let signed = oracle.sign(Template::default().in_document(PLAIN).as_bytes(), &key);
    let signed = String::from_utf8(signed).expect("UTF-8");
    let enveloped = transform(&format!("{DSIG}enveloped-signature"), "").replace("></d:Transform>", "/>");
    assert!(signed.contains(&enveloped), "{signed}");
    let xslt = transform("http://www.w3.org/TR/1999/REC-xslt-19991116", "");
    for (from, to, expected) in [
        ("URI=\"\"", "URI=\"http://127.0.0.1:1/alert.xml\"", Verdict::Unsupported),
        ("URI=\"\"", "URI=\"file:///etc/hostname\"", Verdict::Unsupported),
        ("URI=\"\"", "URI=\"#xpointer(//info)\"", Verdict::Unsupported),
        (enveloped.as_str(), &format!("{enveloped}{xslt}"), Verdict::Unsupported),
        (enveloped.as_str(), &transform(&format!("{DSIG}base64"), ""), Verdict::Unsupported),
        (enveloped.as_str(), "", Verdict::Invalid),
        ("ecdsa-sha256", "eddsa-ed25519", Verdict::Unsupported),
        ("ecdsa-sha256", "rsa-sha256", Verdict::Unsupported),
        ("xmlenc#sha256", "xmlenc#ripemd160", Verdict::Unsupported),
        ("</d:SignedInfo>", "<d:Reference URI=\"#other\"/></d:SignedInfo>", Verdict::Unsupported),
        ("</d:Signature>", "<d:SignedInfo/></d:Signature>", Verdict::Invalid),
        ("<d:SignatureValue>", "<d:SignatureValue>!", Verdict::Invalid),
        ("<d:X509Certificate>", "<d:X509Certificate>AAAA", Verdict::Invalid),
    ] {
        let changed = signed.replacen(from, to, 1);
        assert_ne!(changed, signed, "{from}");
        assert!(!oracle.verifies(changed.as_bytes()), "{to}");
        assert_eq!(read(changed.as_bytes()).signature, expected, "{to}");
    }
}

/// One file of the shared corpus that has a signature.
struct Signed {
    file: String,
    verdict: String,
    by_xmlsec1: String,
    bytes: Vec<u8>,
}

fn signed_corpus() -> Vec<Signed> {
    let Some(shared) = shared::shared() else { return Vec::new() };
    let folder = shared.join("corpus");
    let manifest = std::fs::read_to_string(folder.join("MANIFEST.tsv")).expect("the manifest");
    let mut lines = manifest.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let names = lines.next().expect("a header");
    let column = |name| names.iter().position(|column| *column == name).expect("a column");
    let (file, signed) = (column("file"), column("signed"));
    let (verdict, by_xmlsec1) = (column("verdict"), column("sig_xmlsec1_insecure"));
    let entry = |line: Vec<&str>| Signed {
        file: line[file].to_owned(),
        verdict: line[verdict].to_owned(),
        by_xmlsec1: line[by_xmlsec1].to_owned(),
        bytes: std::fs::read(folder.join("cap").join(line[file])).expect("a file of the corpus"),
    };
    lines.filter(|line| line[signed] == "yes").map(entry).collect()
}

fn certificates(bytes: &[u8]) -> Vec<PublicKey> {
    let text = String::from_utf8_lossy(bytes);
    let parts = text.split("X509Certificate>").skip(1).step_by(2).filter_map(|part| part.split('<').next());
    let pem = |body| format!("-----BEGIN CERTIFICATE-----{body}-----END CERTIFICATE-----");
    parts.filter_map(|body| PublicKey::from_file(pem(body).as_bytes()).ok()).collect()
}

#[test]
fn real_signatures_hold_wherever_xmlsec1_says_so() {
    let corpus = signed_corpus();
    let mut held = 0;
    for Signed { file, bytes, .. } in corpus.iter().filter(|signed| signed.by_xmlsec1 == "OK") {
        let reading = read(bytes);
        assert!(reading.ok(), "{file}: {:?}", reading.findings);
        assert!(holds(&reading), "{file}: {:?}", reading.findings);
        assert_eq!(reading.signature, Verdict::Untrusted, "{file}");
        let weak = reading.findings.iter().any(|finding| finding.code == "signature-weak");
        let sender = reading.alert.expect("an alert").key.sender;
        for key in certificates(bytes) {
            let pinned = cap::read(bytes, &trusting(&key, &sender)).signature;
            assert_eq!(pinned, if weak { Verdict::Untrusted } else { Verdict::Valid }, "{file}");
            held += usize::from(!weak);
        }
    }
    assert!(corpus.is_empty() || held >= 3, "only {held} real signatures by a strong key");
}

#[test]
fn both_signatures_of_a_canadian_alert_hold() {
    for Signed { file, bytes, .. } in signed_corpus().iter().filter(|signed| signed.file.ends_with("CanadaNaad.xml")) {
        let about = about_signatures(&read(bytes).findings);
        assert_eq!(about, ["signature-untrusted", "signature-earlier"].repeat(2), "{file}");
        let keys = certificates(bytes);
        assert_eq!(keys.len(), 2);
        for key in keys {
            assert_eq!(cap::read(bytes, &trusting(&key, "cap-pac@canada.ca")).signature, Verdict::Valid, "{file}");
        }
    }
}

#[test]
fn deliberately_broken_signatures_are_invalid_and_their_alerts_conform() {
    // Only the certificate's own signature was changed, by its issuer's key, which nobody has here: the key in it is
    // the right one, and the alert is as it was signed.
    const ISSUERS_MATTER: &str = "3fd6e7c__invalid_certificate.xml";
    let corpus = signed_corpus();
    for Signed { file, verdict, bytes, .. } in corpus.iter().filter(|signed| signed.verdict == "invalid:signature") {
        let reading = read(bytes);
        assert!(reading.ok(), "{file}: {verdict} {:?}", reading.findings);
        let expected = if file.ends_with(ISSUERS_MATTER) { Verdict::Untrusted } else { Verdict::Invalid };
        assert_eq!(reading.signature, expected, "{file}: {:?}", reading.findings);
    }
    let printed = corpus.iter().filter(|signed| {
        about_signatures(&read(&signed.bytes).findings).iter().any(|code| code == "signature-whitespace")
    });
    assert!(
        corpus.is_empty() || printed.count() >= 3,
        "the meteorological samples were printed after they were signed"
    );
}

/// What stands in a PEM file, in DER.
fn der(pem: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(pem).expect("PEM is text");
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(body).expect("base64")
}

#[test]
fn what_is_signed_here_holds_for_xmlsec1_and_for_whoever_pins_the_certificate() {
    let oracle = Oracle::new();
    let (key, other) = (oracle.key(Kind::P256), oracle.key(Kind::P256));
    let private = der(&std::fs::read(&key.private).expect("a key"));
    let signing = SigningKey::new(&private, &der(&key.pem)).expect("a pair");
    assert!(SigningKey::new(&private, &der(&other.pem)).is_err(), "another's certificate");
    let plain = PLAIN.replace(">@<", "><");
    let around = format!("<?style x?><!-- </alert> -->{plain}<!-- </alert> --><?after?>");
    let latin: Vec<u8> = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{plain}")
        .chars()
        .map(|character| u8::try_from(character).expect("Latin-1"))
        .collect();
    let prefixed =
        plain.replace("xmlns=", "xmlns:c=").replace("</", "</c:").replace('<', "<c:").replace("<c:/c:", "</c:");
    let options = trusting(&key_of(&key), SENDER);
    for document in [plain.as_bytes(), around.as_bytes(), &latin, prefixed.as_bytes()] {
        let signed = sign(document, &signing).unwrap_or_else(|error| panic!("{error:?}"));
        let reading = cap::read(&signed, &options);
        assert!(reading.ok() && reading.signature == Verdict::Valid, "{:?}", reading.findings);
        assert!(oracle.verifies(&signed), "{}", String::from_utf8_lossy(&signed));
        assert_eq!(reading.alert.map(|alert| alert.infos), read(document).alert.map(|alert| alert.infos));
        let forged = String::from_utf8(signed.clone()).expect("UTF-8").replace("Dam watch", "All is well");
        assert_eq!(cap::read(forged.as_bytes(), &options).signature, Verdict::Invalid);
        assert!(!oracle.verifies(forged.as_bytes()));
        assert!(matches!(sign(&signed, &signing), Err(SignError::Signed)));
    }
    let unfit = plain.replace("<urgency>Future</urgency>", "");
    let Err(SignError::Document { findings }) = sign(unfit.as_bytes(), &signing) else { panic!("it was signed") };
    assert_eq!(findings.iter().filter(|finding| finding.code == "element-missing").count(), 1);
}
