//! What is to be shown: a version, a build, a language, a layer, and the width of the screen.

use crate::error::{Error, Kind};
use avow_shared::act::{Surface, Viewport};
use avow_shared::id::RecordId;
use avow_shared::record::Record;
use avow_shared::reference;
use serde::{Deserialize, Serialize};

/// The layer that is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The first layer.
    Banner,
    /// The preferences over it.
    Dialog,
}

/// What is to be shown. Its members are short, for they stand in an address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Scene {
    /// The site.
    #[serde(rename = "s")]
    pub site: String,
    /// The policy version's hash.
    #[serde(rename = "p")]
    pub policy: String,
    /// The widget build.
    #[serde(rename = "w")]
    pub widget: String,
    /// The guard build.
    #[serde(rename = "g")]
    pub guard: String,
    /// The leaf before which that build was the last of its name: names do not tell builds apart whose scripts alone
    /// differ.
    #[serde(rename = "i")]
    pub before: i64,
    /// The regime that was shown.
    #[serde(rename = "e", default)]
    pub regime: String,
    /// The language.
    #[serde(rename = "l")]
    pub language: String,
    /// The layer.
    #[serde(rename = "y")]
    pub layer: Layer,
    /// CSS pixels.
    #[serde(rename = "x")]
    pub width: u16,
    /// CSS pixels.
    #[serde(rename = "z")]
    pub height: u16,
    /// Whether the browser sent the signal of Global Privacy Control.
    #[serde(rename = "c")]
    pub gpc: bool,
    /// The record's reference code, if it is that of a record.
    #[serde(rename = "r")]
    pub reference: Option<String>,
}

impl Scene {
    /// What the visitor of a record, which is that leaf, saw when they answered; `NotFound` if the record does not say.
    pub fn of(record: &Record, leaf: i64) -> Result<Self, Error> {
        let id = RecordId::parse(&record.id).ok_or_else(|| Error::internal("a record without an id"))?;
        let (width, height) = screen(record.viewport);
        Ok(Self {
            site: record.site.clone(),
            policy: record.policy_sha256.clone(),
            widget: record.widget.clone(),
            guard: record.guard.clone(),
            before: leaf,
            regime: record.regime.clone(),
            language: record.locale.clone(),
            layer: match record.surface {
                Surface::Banner => Layer::Banner,
                Surface::Preferences | Surface::Reopen => Layer::Dialog,
                Surface::Page | Surface::Form => {
                    return Err(Error::new(
                        Kind::NotFound,
                        "the answer was given through controls or a form of a page, which are not kept",
                    ));
                }
            },
            width,
            height,
            gpc: record.signals.gpc,
            reference: Some(reference::code(&id)),
        })
    }
}

/// A screen of that class: records hold classes, for exact sizes could identify.
fn screen(viewport: Viewport) -> (u16, u16) {
    match viewport {
        Viewport::Narrow => (412, 780),
        Viewport::Medium => (820, 1_000),
        // Only a form has no width, and no form is shown.
        Viewport::Wide | Viewport::Unknown => (1_280, 800),
    }
}
