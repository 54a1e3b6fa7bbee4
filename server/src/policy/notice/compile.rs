//! Makes a checked notice a part of the canonical document.

use super::{Activity, ActivityText, NoticeText, PrivacyNotice, RIGHTS, Transfer, file};
use crate::policy::file::At;

/// The notice of a checked file, if it has one.
pub fn compile(notice: &file::Notice) -> Option<PrivacyNotice> {
    let (updated, texts) = (notice.updated.as_ref()?, notice.text.as_ref()?);
    let named = |right: &&&str| notice.rights.iter().any(|named| named.value == **right);
    Some(PrivacyNotice {
        activities: notice.activity.iter().map(activity).collect(),
        rights: RIGHTS.iter().filter(named).map(|right| (*right).to_owned()).collect(),
        text: texts.value.iter().map(|(lang, said)| (lang.clone(), said_in(&said.value))).collect(),
        transfers: notice.transfer.iter().map(transfer).collect(),
        updated: updated.value.clone(),
    })
}

fn said_in(said: &file::NoticeText) -> NoticeText {
    NoticeText {
        changes: optional(said.changes.as_ref()),
        complaints: optional(said.complaints.as_ref()),
        rights: optional(said.rights.as_ref()),
        security: optional(said.security.as_ref()),
        summary: said.summary.value.clone(),
    }
}

fn activity(activity: &file::Activity) -> Activity {
    Activity {
        id: activity.id.value.clone(),
        lawful_bases: plain(&activity.lawful_bases.value),
        special_bases: plain(&activity.special_bases),
        text: activity
            .text
            .value
            .iter()
            .map(|(lang, said)| {
                let said = &said.value;
                let text = ActivityText {
                    data: plain(&said.data.value),
                    interest: optional(said.interest.as_ref()),
                    name: said.name.value.clone(),
                    purposes: plain(&said.purposes.value),
                    recipients: plain(&said.recipients),
                    retention: said.retention.value.clone(),
                };
                (lang.clone(), text)
            })
            .collect(),
        visitors: activity.visitors,
    }
}

fn transfer(transfer: &file::Transfer) -> Transfer {
    Transfer {
        country: transfer.country.value.clone(),
        recipient: transfer.recipient.value.clone(),
        text: transfer.text.value.iter().map(|(lang, text)| (lang.clone(), text.value.clone())).collect(),
    }
}

fn optional(text: Option<&At<String>>) -> Option<String> {
    text.map(|text| text.value.clone())
}

fn plain(list: &[At<String>]) -> Vec<String> {
    list.iter().map(|entry| entry.value.clone()).collect()
}
