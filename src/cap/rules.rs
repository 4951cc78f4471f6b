//! Every rule a finding can name: its stable code, how bad it is, who demands it, its clause and how to mend it at the
//! source. docs/CAP-CONFORMANCE.md is made from this list.

use super::finding::Level;

/// Who demands what a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// XML itself: what breaks it is no XML document.
    Xml,
    /// The schema of CAP 1.2, so that any validator finds it (`schemas/cap-1.2.xsd`).
    Schema,
    /// The text of the standard, which says more than its schema.
    Prose,
    /// Those who agreed on a profile.
    Profile,
    /// We ourselves: a bound, or advice.
    House,
}

/// One rule. An empty clause means: the clause of the element it is found at.
#[derive(Debug)]
pub struct Rule {
    /// Stable name, as findings carry it.
    pub code: &'static str,
    pub level: Level,
    /// An error that is mended without guessing.
    pub repaired: bool,
    pub demand: Demand,
    pub clause: &'static str,
    pub fix: &'static str,
}

/// Makes the constants and the list of them all: name, level, demand, code, clause, fix. `mended` is an error that is
/// repaired. A rule that names no demand is of the standard's text.
macro_rules! rules {
    (@level error) => { (Level::Error, false) };
    (@level mended) => { (Level::Error, true) };
    (@level warning) => { (Level::Warning, false) };
    (@level note) => { (Level::Note, false) };
    (@demand) => { Demand::Prose };
    (@demand xml) => { Demand::Xml };
    (@demand schema) => { Demand::Schema };
    (@demand profile) => { Demand::Profile };
    (@demand house) => { Demand::House };
    ($($name:ident $level:ident $($demand:ident)? $code:literal $clause:literal $fix:literal;)+) => {
        $(pub(super) const $name: Rule = Rule {
            code: $code,
            level: rules!(@level $level).0,
            repaired: rules!(@level $level).1,
            demand: rules!(@demand $($demand)?),
            clause: $clause,
            fix: $fix,
        };)+
        /// Every rule, in the order a document meets them.
        pub const ALL: &[&Rule] = &[$(&$name),+];
    };
}

pub(super) use rules;

rules! {
    TOO_LARGE error house "too-large" "Beffroi bounds" "Send a smaller document: link to resources instead of embedding them.";
    ENCODING_UNKNOWN error xml "encoding-unknown" "XML 1.0 §4.3.3" "Write UTF-8.";
    ENCODING_MISDECLARED mended xml "encoding-misdeclared" "XML 1.0 §4.3.3" "Declare the encoding the bytes are in, best UTF-8.";
    ENCODING_INVALID error xml "encoding-invalid" "XML 1.0 §4.3.3" "Declare the encoding the bytes are in, best UTF-8.";
    ENCODING_WINDOWS warning house "encoding-windows" "XML 1.0 §4.3.3" "Declare windows-1252 if it is that, or best write UTF-8.";
    CONTROL_CHARACTER error xml "control-character" "XML 1.0 §2.2" "Remove the character.";
    NOT_WELL_FORMED error xml "not-well-formed" "XML 1.0 §2.1" "Make the document with an XML library rather than by hand.";
    PREFIX_UNDECLARED error xml "prefix-undeclared" "Namespaces in XML 1.0 §5" "Declare the prefix with xmlns, or leave it out.";
    DTD_REFUSED error house "dtd-refused" "XML 1.0 §2.8" "Remove the document type declaration.";
    ENTITY_REFUSED error xml "entity-refused" "XML 1.0 §4.1" "Write the character itself, or a numeric reference.";
    TOO_DEEP error house "too-deep" "Beffroi bounds" "Nest no deeper than the standard does.";
    TOO_MANY_ELEMENTS error house "too-many-elements" "Beffroi bounds" "Split the alert, or simplify its areas.";
    TOO_MANY_ATTRIBUTES error house "too-many-attributes" "Beffroi bounds" "Remove the attributes: CAP has none.";
    TOO_MANY_INFOS error house "too-many-infos" "CAP 1.2 §3.2.2" "Split the alert.";
    TOO_MANY_AREAS error house "too-many-areas" "CAP 1.2 §3.2.4" "Split the alert, or simplify its areas.";
    TOO_MANY_RINGS error house "too-many-rings" "CAP 1.2 §3.2.4" "Split the alert, or simplify its areas.";
    AREAS_OVERLAP error house "areas-overlap" "CAP 1.2 §3.2.4" "Draw areas beside each other; join those that overlap.";
    TOO_MANY_VERTICES error house "too-many-vertices" "CAP 1.2 §3.2.4 polygon" "Simplify the polygons: 100 points are plenty.";
    ROOT_NOT_ALERT error schema "root-not-alert" "CAP 1.2 §3.4" "Send the CAP alert itself, its root element `alert`.";
    ROOT_IS_A_FEED error house "root-is-a-feed" "CAP 1.2 §3.4" "Post each alert of the feed by itself, its root element `alert`.";
    FEED_EMPTY note house "feed-without-alerts" "CAP 1.2 §3.4" "Follow the links of the feed, and check what they lead to.";
    TOO_MANY_ALERTS error house "too-many-alerts" "CAP 1.2 §3.4" "Split the feed.";
    NAMESPACE_UNKNOWN error schema "namespace-unknown" "CAP 1.2 §3.4" "Declare xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\" on `alert`.";
    ATTRIBUTE_UNEXPECTED mended schema "attribute-unexpected" "CAP 1.2 §3.4" "Remove the attribute: CAP has none.";
    ELEMENT_UNKNOWN error schema "element-unknown" "CAP 1.2 §3.4" "Remove the element, or spell it as the standard does.";
    ELEMENT_FOREIGN mended schema "element-foreign" "CAP 1.2 §3.4" "Remove the element: put such data in `parameter`.";
    ELEMENT_NAMESPACE error schema "element-namespace" "CAP 1.2 §3.4" "Write every CAP element in the namespace of `alert`.";
    ELEMENT_NEWER mended schema "element-newer" "" "Name the edition of CAP that has the element, best 1.2.";
    ELEMENT_MISSING error schema "element-missing" "" "Add the element.";
    DESCRIPTION_MISSING mended schema "description-missing" "" "Say in words what it is.";
    MIME_TYPE_MISSING mended schema "mime-type-missing" "CAP 1.2 §3.2.3 mimeType" "Write type/subtype, like image/png.";
    ELEMENT_REPEATED error schema "element-repeated" "" "Keep one of them.";
    ELEMENT_REPEATED_SAME mended schema "element-repeated-same" "" "Keep one of them.";
    ELEMENT_ORDER mended schema "element-order" "CAP 1.2 §3.4" "Write the elements in the standard's order.";
    ELEMENT_EMPTY mended schema "element-empty" "" "Leave the element out when there is nothing to say.";
    TEXT_EMPTY note house "text-empty" "" "Leave the element out when there is nothing to say.";
    REQUIRED_EMPTY error "required-empty" "" "Write a value.";
    DESCRIPTION_EMPTY mended "description-empty" "" "Say in words what it is.";
    TEXT_STRAY mended schema "text-stray" "CAP 1.2 §3.4" "Remove the text between the elements.";
    VALUE_SPACES mended schema "value-spaces" "" "Remove the white space around the value.";
    TOKEN_SPACES mended "token-spaces" "" "Remove the white space around the value.";
    VALUE_UNKNOWN error schema "value-unknown" "" "Use one of the standard's values, spelled exactly so.";
    VALUE_CASE mended schema "value-case" "" "Use one of the standard's values, spelled exactly so.";
    VALUE_NEWER mended schema "value-newer" "" "Name the edition of CAP that has the value, best 1.2.";
    VALUE_DEPRECATED mended schema "value-deprecated" "" "Write `Likely`.";
    IDENTIFIER_CHARACTERS error "identifier-characters" "CAP 1.2 §3.2.1 identifier" "Use no spaces, commas, `<` or `&`.";
    SENDER_CHARACTERS error "sender-characters" "CAP 1.2 §3.2.1 sender" "Use no spaces, commas, `<` or `&`.";
    SENDER_COMMA_SPACE mended "sender-comma-space" "CAP 1.2 §3.2.1 sender" "Use no spaces and no commas.";
    DATETIME_INVALID error schema "datetime-invalid" "CAP 1.2 §3.3.2" "Write it like 2026-01-02T03:04:05+01:00.";
    DATETIME_NO_OFFSET error schema "datetime-no-offset" "CAP 1.2 §3.3.2" "Add the offset from UTC, like +01:00.";
    DATETIME_FORM mended schema "datetime-form" "CAP 1.2 §3.3.2" "Write it like 2026-01-02T03:04:05+01:00, UTC as -00:00.";
    DATETIME_OLDER_FORM note "datetime-older-form" "CAP 1.0 alert.sent" "Write it like 2026-01-02T03:04:05+01:00.";
    DATETIME_FAR warning house "datetime-far" "CAP 1.2 §3.3.2" "Leave the element out when there is no end.";
    YEAR_ODD warning house "year-odd" "CAP 1.2 §3.3.2" "Write the year of the common era.";
    DATETIME_PLUS_ZERO note "datetime-plus-zero" "CAP 1.2 §3.3.2" "Write UTC as -00:00.";
    SCOPE_ABSENT warning "scope-absent" "CAP 1.0 alert.scope" "Say `Public` if everyone may know.";
    RESTRICTION_MISSING error "restriction-missing" "CAP 1.2 §3.2.1 restriction" "Say whom the alert is restricted to.";
    RESTRICTION_UNUSED warning "restriction-unused" "CAP 1.2 §3.2.1 restriction" "Leave `restriction` out unless the scope is Restricted.";
    ADDRESSES_MISSING error "addresses-missing" "CAP 1.2 §3.2.1 addresses" "Name the recipients of a Private message.";
    QUOTE_OPEN warning "quote-open" "" "Close the quotation mark.";
    NOTE_MISSING note "note-missing" "CAP 1.2 §3.2.1 note" "Name the exercise, or the reason of the error, in `note`.";
    REFERENCES_MISSING error "references-missing" "CAP 1.2 §3.2.1 references" "Name the messages that this one is about.";
    REFERENCE_INVALID error "reference-invalid" "CAP 1.2 §3.2.1 references" "Write each one as sender,identifier,sent with no spaces.";
    REFERENCE_SPACES mended "reference-spaces" "CAP 1.2 §3.2.1 references" "Write each one as sender,identifier,sent with no spaces.";
    REFERENCE_SENDER mended "reference-sender" "CAP 1.2 §3.2.1 references" "Let senders have no spaces and no commas.";
    REFERENCE_TIME mended "reference-time" "CAP 1.2 §3.2.1 references" "Write the time as the message named has it in `sent`, offset included.";
    REFERENCE_TIME_FORM warning "reference-time-form" "CAP 1.2 §3.2.1 references" "Write the time as the message named has it in `sent`.";
    REFERENCE_LATER warning "reference-later" "CAP 1.2 §3.2.1 references" "Name messages that were sent before this one.";
    TOO_MANY_REFERENCES error house "too-many-references" "CAP 1.2 §3.2.1 references" "Name the messages that are still valid; no more are needed.";
    REFERENCE_SELF error "reference-self" "CAP 1.2 §3.2.1 references" "Give each message an identifier of its own, and name the earlier one.";
    IDENTIFIER_REUSED mended "identifier-reused" "CAP 1.2 §3.2.1 identifier" "Give each message an identifier of its own.";
    INFO_MISSING error "info-missing" "CAP 1.2 §3.2.2 info" "Say what is happening in an `info`.";
    INFO_MISSING_TEST warning house "info-missing-test" "CAP 1.2 §3.2.2 info" "Test with an `info` too: what has none tests the line alone.";
    LANGUAGE_EMPTY mended "language-empty" "CAP 1.2 §3.2.2 language" "Write the language, or leave the element out: it is en-US then.";
    LANGUAGE_INVALID mended schema "language-invalid" "CAP 1.2 §3.2.2 language" "Write a language tag like `en` or `fr-CA`.";
    LANGUAGE_UNKNOWN warning "language-unknown" "CAP 1.2 §3.2.2 language" "Begin with a language code of ISO 639, like `en` or `es`.";
    TRANSLATION_DIFFERS warning "translation-differs" "CAP 1.2 §3.2.2 language" "Let the infos of all languages state the same facts.";
    TRANSLATION_SAME warning house "translation-same" "CAP 1.2 §3.2.2 language" "Translate the text, or leave the second info out.";
    UNKNOWN_ADVISED_AGAINST note house "unknown-value" "" "Decide, if anyone can: receivers sort by it.";
    SENDER_NAME_ABSENT note house "sender-name-absent" "CAP 1.2 §3.2.2 senderName" "Name the authority as people know it.";
    HEADLINE_ABSENT note house "headline-absent" "CAP 1.2 §3.2.2 headline" "Say the most important thing in one short line.";
    HEADLINE_LONG note "headline-long" "CAP 1.2 §3.2.2 headline" "Keep it within 160 characters: phones cut the rest.";
    DESCRIPTION_ABSENT note house "description-absent" "CAP 1.2 §3.2.2 description" "Say what happens.";
    INSTRUCTION_ABSENT note house "instruction-absent" "CAP 1.2 §3.2.2 instruction" "Say what people should do.";
    INSTRUCTION_SAME note house "instruction-same" "CAP 1.2 §3.2.2 instruction" "Say in one what happens, in the other what to do.";
    TEXT_MARKUP warning house "text-markup" "" "Write plain text: people will see the marks.";
    EXPIRES_ABSENT note house "expires-absent" "CAP 1.2 §3.2.2 expires" "Say until when the text holds.";
    EXPIRES_EARLY warning house "expires-before-effective" "CAP 1.2 §3.2.2 expires" "Let `expires` be later than `effective`.";
    EXPIRES_BEFORE_SENT warning house "expires-before-sent" "CAP 1.2 §3.2.2 expires" "Let `expires` be later than `sent`.";
    EXPIRES_AT_ONCE warning house "expires-at-once" "CAP 1.2 §3.2.2 expires" "Let `expires` be later than `effective`.";
    ONSET_LATE warning house "onset-not-before-expires" "CAP 1.2 §3.2.2 expires" "Let the text hold until the hazard is over.";
    URI_INVALID mended schema "uri-invalid" "" "Write a URI, escaping what it may not hold, like https://example.org/a%20b.";
    URI_CHARACTERS note house "uri-characters" "" "Escape the character, like %20 for a space.";
    URI_RELATIVE warning "uri-relative" "" "Write the whole address, like https://example.org/storm.";
    WEB_SCHEME warning house "web-scheme" "CAP 1.2 §3.2.2 web" "Give a page that people can open, best https.";
    NUMBER_INVALID mended schema "number-invalid" "" "Write a plain decimal number.";
    NUMBER_UNREADABLE warning "number-unreadable" "" "Write a plain decimal number of feet.";
    SIZE_INVALID mended schema "size-invalid" "CAP 1.2 §3.2.3 size" "Write the size in whole bytes, or leave it out.";
    SIZE_ODD warning "size-odd" "CAP 1.2 §3.2.3 size" "Write the size in whole bytes, or leave it out.";
    SIZE_DIFFERS warning "size-differs" "CAP 1.2 §3.2.3 size" "Count the bytes of the file itself, before base64.";
    MIME_TYPE_EMPTY mended "mime-type-empty" "CAP 1.2 §3.2.3 mimeType" "Write type/subtype, like image/png.";
    MIME_TYPE_INVALID warning "mime-type-invalid" "CAP 1.2 §3.2.3 mimeType" "Write type/subtype, like image/png.";
    RESOURCE_NOWHERE note house "resource-nowhere" "CAP 1.2 §3.2.3 uri" "Say where the file is, or embed it.";
    DEREF_URI_INVALID warning "deref-uri-invalid" "CAP 1.2 §3.2.3 derefUri" "Encode the file in base64.";
    DIGEST_INVALID warning "digest-invalid" "CAP 1.2 §3.2.3 digest" "Write the SHA-1 of the file as 40 hexadecimal digits.";
    DIGEST_DIFFERS warning "digest-differs" "CAP 1.2 §3.2.3 digest" "Take the SHA-1 of the file itself, before base64.";
    PAIR_INVALID error "pair-invalid" "" "Write the name and the value: name=value.";
    NAME_EMPTY mended "value-name-empty" "" "Say in `valueName`, or before the `=`, what the value is, or leave the whole out.";
    NAME_ODD note "value-name-odd" "" "Spell acronyms in capitals, without dots.";
    AREA_ABSENT note house "area-absent" "CAP 1.2 §3.2.4 area" "Say where, with a polygon best: without it nobody is warned.";
    AREA_NOWHERE note house "area-nowhere" "CAP 1.2 §3.2.4" "Add a polygon, a circle or a geocode.";
    AREA_GEOCODES_ONLY note "area-geocodes-only" "CAP 1.2 §3.2.4 geocode" "Add a polygon or circle: not everyone knows the codes.";
    HOLE_INVALID warning house "exclude-polygon-invalid" "CAP 1.2 §3.2.4 geocode" "Write lat,lon pairs of decimal degrees around what is left out, the first again at the end.";
    POLYGON_EMPTY mended "polygon-empty" "CAP 1.2 §3.2.4 polygon" "Leave the element out when there is nothing to say.";
    POLYGON_PAIR error "polygon-pair-invalid" "CAP 1.2 §3.2.4 polygon" "Write lat,lon pairs of decimal degrees with white space between pairs.";
    POLYGON_SPACES mended "polygon-space-in-pair" "CAP 1.2 §3.2.4 polygon" "Write no space inside a pair.";
    POLYGON_FEW error "polygon-too-few-points" "CAP 1.2 §3.2.4 polygon" "Give at least three different points, and repeat the first at the end.";
    POLYGON_OPEN mended "polygon-not-closed" "CAP 1.2 §3.2.4 polygon" "Repeat the first point at the end.";
    POLYGON_DUPLICATE note house "polygon-duplicate-points" "CAP 1.2 §3.2.4 polygon" "Write each point once; only the first comes again at the end.";
    POLYGON_WINDS error house "polygon-winds" "CAP 1.2 §3.2.4 polygon" "Draw a ring that goes around the Earth once at most; write others as polygons of their own.";
    POLYGON_CROSSES mended "polygon-crosses-itself" "CAP 1.2 §3.2.4 polygon" "Draw each part as a polygon of its own, its edges meeting only at their ends.";
    POLYGON_FILLED warning house "polygon-hole-filled" "CAP 1.2 §3.2.4 polygon" "Draw the ground around a hole as several polygons.";
    POLYGON_FLAT error "polygon-flat" "CAP 1.2 §3.2.4 polygon" "Draw the ring around the ground; for a point or a line, give a circle or a narrow polygon.";
    POLYGON_TANGLED error house "polygon-too-tangled" "CAP 1.2 §3.2.4 polygon" "Draw a simpler polygon, its edges meeting only at their ends.";
    POLYGON_SPAN warning house "polygon-span" "CAP 1.2 §3.2.4 polygon" "Check the longitudes; split what is really that wide.";
    POLYGON_POINTS note house "polygon-many-points" "CAP 1.2 §3.2.4 polygon" "Simplify it: 100 points are plenty.";
    COORDINATE_PRECISION note house "excess-precision" "" "Write at most seven decimals: that is a centimetre.";
    COORDINATE_PLUS warning "coordinate-plus" "" "Write north and east without a sign, south and west with a minus.";
    LATITUDE_RANGE error "latitude-out-of-range" "" "Write latitude first, from -90 to 90.";
    COORDINATES_SWAPPED error "coordinates-swapped" "" "Write latitude first, then longitude.";
    COORDINATES_APART warning house "coordinates-perhaps-swapped" "" "Check each pair: latitude first, then longitude.";
    COORDINATES_SWAPPED_BACK mended "coordinates-swapped-back" "" "Write latitude first, then longitude, and have the setting for this source taken back.";
    COORDINATES_NOT_SWAPPED error house "coordinates-not-swapped" "" "Have the setting taken back that this source writes longitude first.";
    LONGITUDE_RANGE error "longitude-out-of-range" "" "Write longitude second, from -180 to 180.";
    LONGITUDE_WIDE warning "longitude-beyond-180" "" "Write longitudes from -180 to 180.";
    CIRCLE_EMPTY warning "circle-empty" "CAP 1.2 §3.2.4 circle" "Leave the element out when there is nothing to say.";
    CIRCLE_INVALID error "circle-invalid" "CAP 1.2 §3.2.4 circle" "Write lat,lon, a space, and the radius in kilometres.";
    CIRCLE_SPACES mended "circle-space-in-pair" "CAP 1.2 §3.2.4 circle" "Write no space inside the pair.";
    CIRCLE_POINT note house "circle-radius-zero" "CAP 1.2 §3.2.4 circle" "Give the radius people are to be warned in, kilometres.";
    CIRCLE_LARGE warning house "circle-radius-large" "CAP 1.2 §3.2.4 circle" "Write the radius in kilometres, not metres.";
    CEILING_ALONE mended "ceiling-without-altitude" "CAP 1.2 §3.2.4 ceiling" "Give the altitude that the ceiling belongs to.";
    CEILING_LOW mended "ceiling-below-altitude" "CAP 1.2 §3.2.4 ceiling" "Let the ceiling be above the altitude.";
    SIGNATURE_INVALID warning "signature-invalid" "XML-DSig §3.2" "Sign the alert as it is sent, last of all; a proxy must not rewrite it.";
    SIGNATURE_UNSUPPORTED warning house "signature-unsupported" "XML-DSig §6.1" "Sign the whole alert with an enveloped signature: exclusive C14N, ECDSA or RSA with SHA-256.";
    SIGNATURE_UNTRUSTED note house "signature-untrusted" "CAP 1.2 §3.3.4" "Give the receiver your certificate beforehand, so that it can pin its key.";
    SIGNATURE_WEAK warning house "signature-weak" "XML-DSig §6.1" "Sign with ECDSA or RSA of 2048 bits, and SHA-256.";
    SIGNATURE_WHITESPACE note "signature-whitespace" "XML-DSig §3.2.1" "Send the document as it was when it was signed, not printed anew.";
    SIGNATURE_EARLIER note "signature-earlier" "XML-DSig §6.6.4" "Let whoever signs second keep the first signature out of its own, or sign once.";
    SIGNATURE_MISPLACED mended schema "signature-misplaced" "CAP 1.2 §3.3.4" "Write the signature as the last element of `alert`.";
    MORE_ERRORS error house "more-errors" "Beffroi bounds" "Mend those listed, then check again.";
    MORE_REPAIRS mended house "more-repairs" "Beffroi bounds" "Mend those listed, then check again.";
    MORE_NOTES note house "more-notes" "Beffroi bounds" "Mend those listed, then check again.";
}
