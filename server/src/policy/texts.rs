//! The texts that visitors read: which there are, and the built-in ones in English and Welsh.
//!
//! Plain and short, and no nudge: accept and refuse are told in the same words and at the same length.
//! `{site}` stands for the site's name, `{n}` for a number; `one|many` gives the forms for one and for more.

use std::collections::BTreeMap;

/// Every text: key, English, Welsh. The first ones go to the widget, the `duration_` ones are used here.
const BUILT_IN: &[(&str, &str, &str)] = &[
    ("accept", "Accept all cookies", "Derbyn pob cwci"),
    ("accepted", "You’ve accepted all optional cookies.", "Rydych wedi derbyn pob cwci dewisol."),
    ("always_on", "Always on", "Ymlaen bob amser"),
    (
        "banner_body",
        "We use some essential cookies to make this website work. With your permission we would also like to use others. Nothing optional is used unless you say so, and you can change your mind at any time.",
        "Rydym yn defnyddio rhai cwcis hanfodol i wneud i’r wefan hon weithio. Gyda’ch caniatâd, hoffem ddefnyddio rhai eraill hefyd. Ni ddefnyddir dim byd dewisol oni bai eich bod yn dweud hynny, a gallwch newid eich meddwl unrhyw bryd.",
    ),
    ("banner_label", "Cookies on {site}", "Cwcis ar {site}"),
    ("banner_title", "Cookies on {site}", "Cwcis ar {site}"),
    (
        "changed_note",
        "What we use cookies for has changed since you last answered, so we are asking again.",
        "Mae’r hyn rydym yn defnyddio cwcis ar ei gyfer wedi newid ers i chi ateb ddiwethaf, felly rydym yn gofyn eto.",
    ),
    ("choose", "Choose which cookies", "Dewis pa gwcis"),
    ("close", "Close", "Cau"),
    ("cookies_link", "View cookies", "Gweld y cwcis"),
    (
        "dialog_body",
        "Choose what this website may use. Everything optional is off until you switch it on. The choices you save apply to this browser.",
        "Dewiswch beth y caiff y wefan hon ei ddefnyddio. Mae popeth dewisol i ffwrdd nes i chi ei droi ymlaen. Mae’r dewisiadau y byddwch yn eu cadw yn berthnasol i’r porwr hwn.",
    ),
    ("dialog_title", "Your cookie choices", "Eich dewisiadau cwcis"),
    ("embed_always", "Always show these", "Dangos y rhain bob amser"),
    ("embed_away", "Open in a new tab", "Agor mewn tab newydd"),
    (
        "embed_off",
        "This comes from {provider}. It is not loaded, because “{purpose}” is off.",
        "Daw hwn gan {provider}. Nid yw’n cael ei lwytho, gan fod “{purpose}” i ffwrdd.",
    ),
    ("embed_once", "Show this one", "Dangos yr un hwn"),
    (
        "gpc_note",
        "Your browser asks websites not to share or sell your data. We have kept marketing off.",
        "Mae eich porwr yn gofyn i wefannau beidio â rhannu na gwerthu eich data. Rydym wedi cadw marchnata i ffwrdd.",
    ),
    ("item_description", "What it is for", "At beth y mae"),
    ("item_duration", "How long it stays", "Am faint mae’n aros"),
    ("item_kind", "Kind", "Math"),
    ("item_name", "Name", "Enw"),
    ("item_third_parties", "Who else can read it", "Pwy arall all ei ddarllen"),
    ("items_caption", "What is stored", "Beth sy’n cael ei storio"),
    (
        "left",
        "We could not delete these from your browser: {items}. You can delete them in its settings.",
        "Ni allem ddileu’r rhain o’ch porwr: {items}. Gallwch eu dileu yn ei osodiadau.",
    ),
    ("necessary_name", "Essential", "Hanfodol"),
    ("necessary_note", "The website cannot work without these.", "Ni all y wefan weithio heb y rhain."),
    ("notice_ok", "OK", "Iawn"),
    ("off", "Off", "I ffwrdd"),
    ("on", "On", "Ymlaen"),
    ("privacy_link", "Privacy notice", "Hysbysiad preifatrwydd"),
    ("receipt", "Keep a receipt", "Cadw derbynneb"),
    (
        "receipt_broken",
        "It does not hold: what the server gave is not proved, or is not the answer that you see here. Keep the receipt and tell our data protection officer.",
        "Nid yw’n dal: nid yw’r hyn a roddodd y gweinydd wedi’i brofi, neu nid hwn yw’r ateb a welwch yma. Cadwch y dderbynneb a dywedwch wrth ein swyddog diogelu data.",
    ),
    ("receipt_download", "Download", "Lawrlwytho"),
    ("receipt_erase", "Erase the record", "Dileu’r cofnod"),
    ("receipt_erase_sure", "Press again to erase it for good", "Pwyswch eto i’w ddileu am byth"),
    (
        "receipt_erased",
        "The record is erased, and this device has forgotten it.",
        "Mae’r cofnod wedi’i ddileu, ac mae’r ddyfais hon wedi’i anghofio.",
    ),
    (
        "receipt_failed",
        "The receipt cannot be had now. Our data protection officer can send it to you with the code above.",
        "Ni ellir cael y dderbynneb ar hyn o bryd. Gall ein swyddog diogelu data ei hanfon atoch gyda’r cod uchod.",
    ),
    (
        "receipt_fork",
        "This log is not the one this device saw before. Keep the receipt and tell our data protection officer.",
        "Nid hwn yw’r log a welodd y ddyfais hon o’r blaen. Cadwch y dderbynneb a dywedwch wrth ein swyddog diogelu data.",
    ),
    ("receipt_forget", "Remove from this device", "Tynnu o’r ddyfais hon"),
    (
        "receipt_forgotten",
        "This device has forgotten the receipt.",
        "Mae’r ddyfais hon wedi anghofio’r dderbynneb.",
    ),
    (
        "receipt_gone",
        "The server has no such record: it was erased, or it is lost. If that is not what you asked for, tell our data protection officer.",
        "Nid oes gan y gweinydd gofnod o’r fath: cafodd ei ddileu, neu mae ar goll. Os nad dyna a ofynnoch amdano, dywedwch wrth ein swyddog diogelu data.",
    ),
    (
        "receipt_grown",
        "The log has only grown since this device saw it last.",
        "Dim ond tyfu mae’r log ers i’r ddyfais hon ei weld ddiwethaf.",
    ),
    (
        "receipt_held",
        "This record has to be kept for now. Our data protection officer can tell you why.",
        "Rhaid cadw’r cofnod hwn am y tro. Gall ein swyddog diogelu data ddweud wrthych pam.",
    ),
    (
        "receipt_holds",
        "It holds: your answer is entry {n} of {size} in the log, signed with the log’s key.",
        "Mae’n dal: eich ateb yw cofnod {n} o {size} yn y log, wedi’i lofnodi ag allwedd y log.",
    ),
    (
        "receipt_not_erased",
        "It could not be erased now. Try again later, or ask our data protection officer with the code.",
        "Ni ellid ei ddileu nawr. Rhowch gynnig arall arni yn nes ymlaen, neu gofynnwch i’n swyddog diogelu data gyda’r cod.",
    ),
    ("receipt_remember", "Keep on this device", "Cadw ar y ddyfais hon"),
    ("receipt_remembered", "This device keeps the receipt.", "Mae’r ddyfais hon yn cadw’r dderbynneb."),
    (
        "receipt_saved",
        "The receipt is a download of yours now.",
        "Mae’r dderbynneb yn eich lawrlwythiadau nawr.",
    ),
    (
        "receipt_unproved",
        "The server did not prove that the log is still the one this device saw before. Try again later; if it stays so, tell our data protection officer.",
        "Ni phrofodd y gweinydd mai’r un log a welodd y ddyfais hon o’r blaen yw hwn o hyd. Rhowch gynnig arall arni yn nes ymlaen; os yw’n parhau, dywedwch wrth ein swyddog diogelu data.",
    ),
    ("receipt_verify", "Verify now", "Gwirio nawr"),
    (
        "receipts_body",
        "A receipt proves what you answered, and when. This device keeps one only if you ask it to.",
        "Mae derbynneb yn profi beth oedd eich ateb, a phryd. Dim ond os gofynnwch y bydd y ddyfais hon yn cadw un.",
    ),
    ("receipts_none", "No receipt is on this device.", "Nid oes derbynneb ar y ddyfais hon."),
    ("receipts_title", "Your choices and receipts", "Eich dewisiadau a’ch derbynebau"),
    ("reference_label", "Your reference", "Eich cyfeirnod"),
    (
        "reference_note",
        "With this code our data protection officer can find the record of your choice. It does not contain your name.",
        "Gyda’r cod hwn gall ein swyddog diogelu data ddod o hyd i’r cofnod o’ch dewis. Nid yw’n cynnwys eich enw.",
    ),
    ("reject", "Reject all cookies", "Gwrthod pob cwci"),
    ("rejected", "You’ve rejected all optional cookies.", "Rydych wedi gwrthod pob cwci dewisol."),
    ("reopen", "Cookie choices", "Dewisiadau cwcis"),
    ("save", "Save my choices", "Cadw fy newisiadau"),
    ("saved", "Your choices have been saved.", "Mae eich dewisiadau wedi’u cadw."),
    ("service_by", "Provided by", "Darperir gan"),
    ("withdraw", "Withdraw my consent", "Tynnu fy nghydsyniad yn ôl"),
    (
        "withdrawn",
        "You’ve withdrawn your consent. Optional cookies are off.",
        "Rydych wedi tynnu eich cydsyniad yn ôl. Mae cwcis dewisol i ffwrdd.",
    ),
    ("duration_days", "{n} day|{n} days", "{n} diwrnod"),
    ("duration_hours", "{n} hour|{n} hours", "{n} awr"),
    ("duration_minutes", "{n} minute|{n} minutes", "{n} munud"),
    ("duration_months", "{n} month|{n} months", "{n} mis"),
    ("duration_persistent", "Until it is deleted", "Nes iddo gael ei ddileu"),
    ("duration_session", "Until you close your browser", "Nes i chi gau eich porwr"),
    ("duration_weeks", "{n} week|{n} weeks", "{n} wythnos"),
    ("duration_years", "{n} year|{n} years", "{n} flwyddyn|{n} o flynyddoedd"),
];

/// All texts of one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(BTreeMap<String, String>);

impl Words {
    /// The built-in texts of a language, or `None` if it is neither English nor Welsh.
    pub fn built_in(lang: &str) -> Option<Self> {
        let pick: fn(&(&str, &str, &str)) -> String = match primary(lang) {
            "en" => |row| row.1.to_owned(),
            "cy" => |row| row.2.to_owned(),
            _ => return None,
        };
        Some(Self(BUILT_IN.iter().map(|row| (row.0.to_owned(), pick(row))).collect()))
    }

    /// These texts, complete or not.
    pub fn new(texts: BTreeMap<String, String>) -> Self {
        Self(texts)
    }

    /// A text; empty if there is none, which the checks do not let through.
    pub fn say(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// Every key with its text.
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Puts another text in a key's place.
    pub fn replace(&mut self, key: &str, text: &str) {
        self.0.insert(key.to_owned(), text.to_owned());
    }

    /// The texts that the widget shows, with the site's name in its places.
    pub fn for_widget(&self, site_name: &str) -> BTreeMap<String, String> {
        self.0
            .iter()
            .filter(|(key, _)| !key.starts_with("duration_"))
            .map(|(key, text)| (key.clone(), text.replace("{site}", site_name)))
            .collect()
    }
}

/// Every key there is.
pub fn keys() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|row| row.0)
}

/// The direction in which a language is written.
pub fn direction(lang: &str) -> &'static str {
    match primary(lang) {
        "ar" | "arc" | "ckb" | "dv" | "fa" | "he" | "ks" | "ps" | "sd" | "syr" | "ug" | "ur" | "yi" => "rtl",
        _ => "ltr",
    }
}

fn primary(lang: &str) -> &str {
    lang.split('-').next().unwrap_or(lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_missing_or_named_twice() {
        let all: std::collections::BTreeSet<_> = keys().collect();
        assert_eq!(all.len(), BUILT_IN.len());
        assert!(BUILT_IN.iter().all(|row| !row.1.is_empty() && !row.2.is_empty()));
    }

    #[test]
    fn refusing_is_told_as_briefly_as_accepting() {
        for lang in ["en", "cy"] {
            let words = Words::built_in(lang).expect("built in");
            for (yes, no) in [("accept", "reject"), ("accepted", "rejected")] {
                let (yes, no) = (words.say(yes).split(' ').count(), words.say(no).split(' ').count());
                assert_eq!(yes, no, "{lang}");
            }
        }
    }
}
