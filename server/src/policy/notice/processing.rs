//! The record of processing activities that a controller shows the regulator (GDPR Art 30(1)), from a published version.
//!
//! One row per activity, with the controller, the officer and the transfers in each: a regulator reads rows.

use super::in_language;
use crate::policy::document::Document;
use avow_verify::bundle::table;
use serde::Serialize;

/// The record: a row for each activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Processing<'a> {
    /// The site.
    pub site: &'a str,
    /// The policy version that it was made from.
    pub version: u32,
    /// When the notice was last changed.
    pub updated: &'a str,
    /// The rows.
    pub activities: Vec<Row<'a>>,
}

/// One activity, with what Art 30(1) asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row<'a> {
    /// The activity.
    pub id: &'a str,
    /// Name and address of the controller (a).
    pub controller: String,
    /// The officer (a); empty if there is none.
    pub dpo: String,
    /// The purposes (b).
    pub purposes: &'a [String],
    /// Categories of people (c).
    pub people: &'a str,
    /// Categories of data (c).
    pub data: &'a [String],
    /// Categories of recipients (d).
    pub recipients: &'a [String],
    /// Transfers to other countries with what protects the data there (e).
    pub transfers: Vec<String>,
    /// Time limits for erasure (f).
    pub retention: &'a str,
    /// Security measures (g); empty if the notice does not say.
    pub security: &'a str,
    /// Lawful bases (Arts 6(1) and 9(2)): not asked for by Art 30, and always asked for by those who read it.
    pub lawful_bases: Vec<String>,
}

/// How the record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RFC 4180.
    Csv,
    /// One object.
    Json,
}

impl Format {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// The headings of [`Processing::csv`].
const HEADINGS: [&str; 11] = [
    "activity",
    "controller",
    "dpo",
    "purposes",
    "people",
    "data",
    "recipients",
    "transfers",
    "retention",
    "security",
    "lawful_bases",
];

impl<'a> Processing<'a> {
    /// From a published version, in its first language; `None` if it has no notice.
    pub fn of(document: &'a Document) -> Option<Self> {
        let notice = document.privacy_notice.as_ref()?;
        let first = document.languages.first()?;
        let (_, said) = in_language(&notice.text, first, first)?;
        let security = said.security.as_deref().unwrap_or_default();
        let transfers: Vec<String> = notice
            .transfers
            .iter()
            .filter_map(|transfer| {
                let (_, safeguard) = in_language(&transfer.text, first, first)?;
                Some(format!("{} ({}): {safeguard}", transfer.recipient, transfer.country))
            })
            .collect();
        let controller = &document.controller;
        let rows = notice.activities.iter().filter_map(|activity| {
            let (_, text) = in_language(&activity.text, first, first)?;
            Some(Row {
                id: &activity.id,
                controller: format!("{}, {} <{}>", controller.name, controller.address, controller.email),
                dpo: document
                    .dpo
                    .as_ref()
                    .map(|dpo| format!("{} <{}>", dpo.name, dpo.email))
                    .unwrap_or_default(),
                purposes: &text.purposes,
                people: &text.name,
                data: &text.data,
                recipients: &text.recipients,
                transfers: transfers.clone(),
                retention: &text.retention,
                security,
                lawful_bases: activity
                    .lawful_bases
                    .iter()
                    .cloned()
                    .chain(activity.special_bases.iter().map(|basis| format!("Art {basis}")))
                    .collect(),
            })
        });
        Some(Self {
            site: &document.site,
            version: document.version,
            updated: &notice.updated,
            activities: rows.collect(),
        })
    }

    /// In that form.
    pub fn written(&self, format: Format) -> Vec<u8> {
        match format {
            Format::Csv => self.csv(),
            Format::Json => {
                let text =
                    serde_json::to_string_pretty(self).expect("strings and whole numbers always serialize");
                (text + "\n").into_bytes()
            }
        }
    }

    /// As CSV (RFC 4180), lists in one cell by line ends; safe against cells that a spreadsheet would calculate.
    pub fn csv(&self) -> Vec<u8> {
        let rows = self.activities.iter().map(|row| {
            [
                row.id.to_owned(),
                row.controller.clone(),
                row.dpo.clone(),
                row.purposes.join("\n"),
                row.people.to_owned(),
                row.data.join("\n"),
                row.recipients.join("\n"),
                row.transfers.join("\n"),
                row.retention.to_owned(),
                row.security.to_owned(),
                row.lawful_bases.join("\n"),
            ]
        });
        table::to_csv(std::iter::once(HEADINGS.map(str::to_owned)).chain(rows))
    }
}
