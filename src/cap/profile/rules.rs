//! Every rule of a profile.
//!
//! `error` is what the profile says must be, `warning` what it says should be. So they count when the profile was asked
//! for; in an alert that merely claims the profile each counts one level less, because `ok` then speaks of the standard.
//! Lists that others keep (event codes, location codes) are checked by their form only: they change more often than we.

use crate::cap::finding::Level;
use crate::cap::rules::{Demand, Rule, rules};

rules! {
    IPAWS_CODE error profile "ipaws-code" "IPAWS 1.0 code" "Add <code>IPAWSv1.0</code>.";
    IPAWS_ZERO_OFFSET warning profile "ipaws-zero-offset" "IPAWS 1.0 sent, expires" "Write local time with its offset: no place of the USA keeps UTC.";
    IPAWS_CANCEL_INFO warning profile "ipaws-cancel-info-missing" "IPAWS 1.0 info" "Repeat the `info` of the alert that is cancelled: EAS and WEA need its event code and area.";
    IPAWS_CATEGORIES error profile "ipaws-categories-differ" "IPAWS 1.0 category" "Give every `info` the same categories; write another alert for another event.";
    IPAWS_EVENT_CODES error profile "ipaws-event-codes-differ" "IPAWS 1.0 eventCode" "Give every `info` the same event codes; write another alert for another event.";
    IPAWS_SAME_MISSING error profile "ipaws-same-event-missing" "IPAWS 1.0 eventCode" "Add an `eventCode` whose valueName is SAME, such as TOR.";
    IPAWS_SAME_REPEATED error profile "ipaws-same-event-repeated" "IPAWS 1.0 eventCode" "Keep one `eventCode` whose valueName is SAME.";
    IPAWS_SAME_FORM error profile "ipaws-same-event-form" "IPAWS 1.0 eventCode" "Write three capital letters, such as TOR.";
    IPAWS_SAME_UNKNOWN warning profile "ipaws-same-event-unknown" "47 CFR §11.31(e)" "Use a code of the list in 47 CFR §11.31(e).";
    IPAWS_EFFECTIVE warning profile "ipaws-effective-ignored" "IPAWS 1.0 effective" "Leave `effective` out: alerts take effect when they are issued.";
    IPAWS_ONSET warning profile "ipaws-onset-ignored" "IPAWS 1.0 onset" "Leave `onset` out, and say in `description` when the hazard begins.";
    IPAWS_EXPIRES error profile "ipaws-expires-missing" "IPAWS 1.0 expires" "Say until when the alert holds.";
    IPAWS_EXPIRES_LATE warning profile "ipaws-expires-late" "47 CFR §11.31(c)" "Let an alert for EAS end within 99 hours and 30 minutes.";
    IPAWS_DESCRIPTION warning profile "ipaws-description-missing" "IPAWS 1.0 description" "Say what happens: EAS and WEA make their text of it.";
    IPAWS_INSTRUCTION warning profile "ipaws-instruction-missing" "IPAWS 1.0 instruction" "Say what people should do.";
    IPAWS_TEXT_LONG warning profile "ipaws-eas-text-long" "IPAWS 1.0 description" "Keep `description` and `instruction` within 1,800 characters: EAS reads them aloud in two minutes.";
    IPAWS_EAS_ORG_MISSING warning profile "ipaws-eas-org-missing" "IPAWS 1.0 parameter EAS-ORG" "Add the parameter EAS-ORG, or block EAS and NWEM with BLOCKCHANNEL.";
    IPAWS_EAS_ORG error profile "ipaws-eas-org" "IPAWS 1.0 parameter EAS-ORG" "Write CIV, WXR, EAS or PEP.";
    IPAWS_BLOCKCHANNEL warning profile "ipaws-blockchannel" "IPAWS 1.0 parameter BLOCKCHANNEL" "Write EAS, CMAS, NWEM, PUBLIC or CAPEXCH, one for each parameter.";
    IPAWS_WEA_HANDLING warning profile "ipaws-wea-handling" "IPAWS 1.0 parameter WEAHandling" "Write Imminent Threat, Public Safety, Child Abduction, National or WEA Test.";
    IPAWS_CMAMTEXT error profile "ipaws-cmamtext-long" "IPAWS 1.0 parameter CMAMtext" "Keep the text within 90 characters.";
    IPAWS_CMAMLONGTEXT error profile "ipaws-cmamlongtext-long" "IPAWS 1.0 parameter CMAMlongtext" "Keep the text within 360 characters.";
    IPAWS_WEA_LANGUAGE warning profile "ipaws-wea-language" "IPAWS 1.0 parameter CMAMtext" "Write WEA texts in an `info` of en-US or es-US.";
    IPAWS_WEA_SPANISH warning profile "ipaws-wea-spanish" "IPAWS 1.0 language" "Put the Spanish text into an `info` of its own, with language es-US.";
    IPAWS_AUDIO_DESC warning profile "ipaws-audio-description" "IPAWS 1.0 resourceDesc" "Write `EAS Broadcast Content`: EAS devices look for it.";
    IPAWS_AUDIO_TYPE warning profile "ipaws-audio-type" "IPAWS 1.0 mimeType" "Write audio/x-ipaws-audio-mp3 or audio/x-ipaws-streaming-audio-mp3.";
    IPAWS_AUDIO_NOWHERE warning profile "ipaws-audio-nowhere" "IPAWS 1.0 uri" "Say in `uri` where the sound is.";
    IPAWS_AREA error profile "ipaws-area-missing" "IPAWS 1.0 area" "Add an `area`.";
    IPAWS_GEOCODE warning profile "ipaws-same-geocode-missing" "IPAWS 1.0 geocode" "Add the `geocode` SAME of each county, 000000 for the whole country.";
    IPAWS_GEOCODE_FORM error profile "ipaws-same-geocode-form" "IPAWS 1.0 geocode" "Write six digits: part of the county, state, county.";
    IPAWS_GEOCODES_MANY warning profile "ipaws-same-geocodes-many" "47 CFR §11.31(c)" "Name 31 places at most: EAS takes no more.";
    IPAWS_VERTICES warning profile "ipaws-wea-vertices" "IPAWS 1.0 polygon" "Simplify the polygon to 100 points: WEA takes no more.";

    CAP_CP_CODE error profile "cap-cp-code" "CAP-CP 1.0 code" "Add <code>profile:CAP-CP:1.0</code>.";
    CAP_CP_VERSION warning profile "cap-cp-version" "CAP-CP 1.0 code" "Write profile:CAP-CP:1.0 or profile:CAP-CP:0.4.";
    CAP_CP_CANCEL_INFO error profile "cap-cp-cancel-info-missing" "CAP-CP 1.0 info" "Give a Cancel an `info` too: the public must be told.";
    CAP_CP_EVENT_CODES error profile "cap-cp-event-codes-differ" "CAP-CP 1.0 eventCode" "Speak of one event; write another alert for another.";
    CAP_CP_LANGUAGE error profile "cap-cp-language-missing" "CAP-CP 1.0 language" "Say the language, en-CA or fr-CA.";
    CAP_CP_BILINGUAL warning profile "cap-cp-one-language" "CAP-CP 1.0 language" "Add an `info` in the other official language.";
    CAP_CP_EVENT_MISSING error profile "cap-cp-event-code-missing" "CAP-CP 1.0 eventCode" "Add an `eventCode` profile:CAP-CP:Event:1.0 of the list of event references.";
    CAP_CP_EVENT_REPEATED error profile "cap-cp-event-code-repeated" "CAP-CP 1.0 eventCode" "Keep one event code: one alert is about one event.";
    CAP_CP_EVENT_FORM error profile "cap-cp-event-code-form" "CAP-CP 1.0 eventCode" "Write a code of the list of event references: up to 12 letters and digits.";
    CAP_CP_EXPIRES warning profile "cap-cp-expires-missing" "CAP-CP 1.0 expires" "Say until when the text holds.";
    CAP_CP_SENDER_NAME warning profile "cap-cp-sender-name-missing" "CAP-CP 1.0 senderName" "Name the authority as the public knows it.";
    CAP_CP_RESPONSE warning profile "cap-cp-response-type-missing" "CAP-CP 1.0 responseType" "Say which kind of action is advised, even if None.";
    CAP_CP_INSTRUCTION warning profile "cap-cp-instruction-missing" "CAP-CP 1.0 instruction" "Say what people should do.";
    CAP_CP_MINOR error profile "cap-cp-minor-change" "CAP-CP 1.0 parameter MinorChange" "Write text, correction, resource, layer, other or none.";
    CAP_CP_MINOR_UPDATE warning profile "cap-cp-minor-change-alert" "CAP-CP 1.0 parameter MinorChange" "Say MinorChange only in an Update.";
    CAP_CP_TRANSLATED warning profile "cap-cp-auto-translated" "CAP-CP 1.0 parameter AutoTranslated" "Write yes or no.";
    CAP_CP_AREA error profile "cap-cp-area-missing" "CAP-CP 1.0 area" "Add an `area`.";
    CAP_CP_GEOMETRY warning profile "cap-cp-geometry-missing" "CAP-CP 1.0 polygon" "Add a polygon or a circle: it says more exactly than a code where the alert holds.";
    CAP_CP_LOCATION error profile "cap-cp-location-missing" "CAP-CP 1.0 geocode" "Add a `geocode` profile:CAP-CP:Location:1.0 for each municipality.";
    CAP_CP_LOCATION_FORM error profile "cap-cp-location-form" "CAP-CP 1.0 geocode" "Write a Standard Geographical Classification code of 2, 4 or 7 digits.";
    SOREM_CODE warning profile "sorem-code" "SOREM layer code" "Name in `code` each layer whose parameters are used, such as layer:SOREM:1.0.";
    SOREM_YES_NO error profile "sorem-yes-no" "SOREM layer Broadcast_Immediately, WirelessImmediate" "Write Yes or No.";
    SOREM_MILD warning profile "sorem-immediate-mild" "SOREM layer Broadcast_Immediately" "Break into programmes only for what is Immediate, Severe or Extreme, and Likely or Observed.";
    SOREM_BROADCAST_TEXT warning profile "sorem-broadcast-text-missing" "SOREM layer Broadcast_Text" "Write in Broadcast_Text what is to be read aloud.";
    SOREM_WIRELESS_TEXT warning profile "sorem-wireless-text-missing" "SOREM layer WirelessText" "Write in WirelessText what phones are to show.";
    SOREM_WIRELESS_LONG warning profile "sorem-wireless-text-long" "SOREM layer WirelessText" "Keep the text within 600 characters.";

    CAP_AU_CODE error profile "cap-au-code" "CAP-AU 1.0 code" "Add <code>urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0</code>.";
    CAP_AU_SENDER warning profile "cap-au-sender" "CAP-AU 1.0 sender" "Write an address like warnings@agency.gov.au.";
    CAP_AU_TEST note profile "cap-au-test" "CAP-AU 1.0 status" "Send Actual what the public is to see.";
    CAP_AU_CANCEL_INFO error profile "cap-au-cancel-info-missing" "CAP-AU 1.0 info" "Give a Cancel an `info` too.";
    CAP_AU_CATEGORIES error profile "cap-au-categories-differ" "CAP-AU 1.0 category" "Give every `info` the same categories; write another alert for another event.";
    CAP_AU_EVENT_CODES error profile "cap-au-event-codes-differ" "CAP-AU 1.0 eventCode" "Give every `info` the same event codes; write another alert for another event.";
    CAP_AU_EVENTS error profile "cap-au-events-differ" "CAP-AU 1.0 event" "Name the event alike in every `info` of a language.";
    CAP_AU_EVENT_MISSING error profile "cap-au-event-code-missing" "CAP-AU 1.0 eventCode" "Add an `eventCode` of the list AUeventLIST.";
    CAP_AU_EVENT_REPEATED error profile "cap-au-event-code-repeated" "CAP-AU 1.0 eventCode" "Keep one event code of the list: one alert is about one event.";
    CAP_AU_EVENT_FORM error profile "cap-au-event-code-form" "CAP-AU 1.0 eventCode" "Write a code of the list AUeventLIST: 4 to 12 letters.";
    CAP_AU_EFFECTIVE error profile "cap-au-effective-on-cancel" "CAP-AU 1.0 effective" "Leave `effective` out of a Cancel.";
    CAP_AU_EXPIRES warning profile "cap-au-expires-missing" "CAP-AU 1.0 expires" "Say until when the text holds.";
    CAP_AU_SENDER_NAME warning profile "cap-au-sender-name-missing" "CAP-AU 1.0 senderName" "Name the agency as the public knows it.";
    CAP_AU_RESPONSE warning profile "cap-au-response-type-missing" "CAP-AU 1.0 responseType" "Say which kind of action is advised, even if None.";
    CAP_AU_INSTRUCTION warning profile "cap-au-instruction-missing" "CAP-AU 1.0 instruction" "Say what people should do.";
    CAP_AU_AREA error profile "cap-au-area-missing" "CAP-AU 1.0 area" "Add an `area`.";
    CAP_AU_GEOMETRY warning profile "cap-au-geometry-missing" "CAP-AU 1.0 polygon" "Add a polygon or a circle: it says more exactly than a code where the alert holds.";
    CAP_AU_GEOCODE warning profile "cap-au-geocode" "CAP-AU 1.0 geocode" "Use a code of G-NAF, ISO 3166-2, the gazetteer or a postcode.";

    METEOALARM_LEVEL error profile "meteoalarm-level-missing" "MeteoAlarm profile awareness_level" "Add the parameter awareness_level, such as `3; orange; Severe`.";
    METEOALARM_TYPE error profile "meteoalarm-type-missing" "MeteoAlarm profile awareness_type" "Add the parameter awareness_type, such as `1; Wind`.";
    METEOALARM_REPEATED error profile "meteoalarm-parameter-repeated" "MeteoAlarm profile parameter" "Keep one of them: write another `info` for another warning.";
    METEOALARM_LEVEL_FORM error profile "meteoalarm-level-form" "MeteoAlarm profile awareness_level" "Write `1; green; Minor`, `2; yellow; Moderate`, `3; orange; Severe` or `4; red; Extreme`.";
    METEOALARM_LEVEL_PARTS error profile "meteoalarm-level-inconsistent" "MeteoAlarm profile awareness_level" "Write `1; green; Minor`, `2; yellow; Moderate`, `3; orange; Severe` or `4; red; Extreme`.";
    METEOALARM_SEVERITY warning profile "meteoalarm-severity" "MeteoAlarm profile severity" "Let `severity` be that of awareness_level.";
    METEOALARM_GREEN note profile "meteoalarm-green" "MeteoAlarm profile awareness_level" "Send no alert where there is nothing to warn of.";
    METEOALARM_TYPE_FORM error profile "meteoalarm-type-form" "MeteoAlarm profile awareness_type" "Write a number, `;` and a name, such as `1; Wind`.";
    METEOALARM_TYPE_UNKNOWN warning profile "meteoalarm-type-unknown" "MeteoAlarm profile awareness_type" "Use a number from 1 to 10 or from 12 to 15.";
    METEOALARM_TYPE_PARTS warning profile "meteoalarm-type-inconsistent" "MeteoAlarm profile awareness_type" "Let the number be that of the name.";
    METEOALARM_EXPIRES error profile "meteoalarm-expires-missing" "MeteoAlarm profile expires" "Say until when the warning holds.";
    METEOALARM_ENGLISH warning profile "meteoalarm-english-missing" "MeteoAlarm profile language" "Add an `info` in English.";
    METEOALARM_NATIONAL warning profile "meteoalarm-national-missing" "MeteoAlarm profile language" "Add an `info` in the language of the country.";
    METEOALARM_AREA error profile "meteoalarm-area" "MeteoAlarm profile geocode" "Add the `geocode` EMMA_ID, or a polygon.";
    METEOALARM_EMMA warning profile "meteoalarm-geocode-missing" "MeteoAlarm profile geocode" "Add the `geocode` EMMA_ID of each region the polygon touches.";
    METEOALARM_EMMA_FORM warning profile "meteoalarm-emma-id-form" "MeteoAlarm profile geocode" "Write two letters and three to five digits, such as AT803.";

    WMO_IDENTIFIER warning profile "wmo-identifier" "WMO advice identifier" "Begin with 2.49.0.1 and your country's number: the world then knows whose alert it is.";
    WMO_AUTHORITY error profile "wmo-identifier-authority" "WMO advice identifier" "Begin with 2.49.0.1: 2.49.0.0 names the authority itself, never an alert.";
    WMO_COUNTRY warning profile "wmo-identifier-country" "WMO advice identifier" "Write 2.49.0.1, then the number of your country (ISO 3166-1) and of your authority.";
    WMO_LANGUAGE warning profile "wmo-language-missing" "WMO advice language" "Say the language: none means American English.";
    WMO_UNKNOWN warning profile "wmo-value-unknown" "WMO advice urgency, severity, certainty" "Choose a value that readers can act on.";
    WMO_EVENT_TERM warning profile "wmo-event-term-form" "OASIS Event Terms List" "Write the valueName OET:v1.2 and a value like OET-121.";
    WMO_EXPIRES warning profile "wmo-expires-missing" "WMO advice expires" "Say until when the text holds.";
    WMO_SENDER_NAME warning profile "wmo-sender-name-missing" "WMO advice senderName" "Name the authority as the public knows it.";
    WMO_HEADLINE warning profile "wmo-headline-long" "WMO advice headline" "Keep the headline within 160 characters.";
    WMO_DESCRIPTION warning profile "wmo-description-missing" "WMO advice description" "Say what happens.";
    WMO_WEB warning profile "wmo-web" "WMO advice web" "Write a whole address, beginning with https://.";
    WMO_GEOMETRY warning profile "wmo-geometry-missing" "WMO advice polygon" "Add a polygon or a circle: codes are known only where they were made.";
    WMO_VERTICES warning profile "wmo-vertices" "WMO advice polygon" "Simplify the polygon to 100 points.";
}
