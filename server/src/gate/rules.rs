//! A published policy as the gate uses it: whose a cookie is, which hosts a purpose has, which inline code is
//! approved; and one [`Class`] for each set of purposes that visitors may have.

use super::class::Class;
use super::cookies::{Declared, Owner};
use super::hosts::Sources;
use crate::error::Error;
use crate::policy::Published;
use crate::policy::document::NECESSARY;
use crate::verdict::Purposes;
use avow_shared::category::Category;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// More classes than this are not kept: a site has a few, and only sealed decisions make new ones.
const MOST_CLASSES: usize = 256;

/// The rules of one version.
#[derive(Debug)]
pub struct Rules {
    /// The version; `None` where none could be read yet, so that nothing optional is allowed.
    pub policy: Option<Arc<Published>>,
    /// The purposes, in the policy's order.
    pub purposes: Vec<Purpose>,
    /// The cookies.
    pub cookies: Declared,
    /// Inline code that may run.
    pub inline: Vec<Approval>,
    /// Every host that some purpose names.
    pub hosts: Sources,
    /// Mode `compatible`: no content security policy.
    pub compatible: bool,
    /// Where Avow is served, without a slash at the end.
    pub base: String,
    classes: RwLock<HashMap<Purposes, Arc<Class>>>,
}

/// A purpose.
#[derive(Clone, Debug)]
pub struct Purpose {
    /// Its id.
    pub id: String,
    /// Whether it needs nobody's consent.
    pub necessary: bool,
    /// Its hosts.
    pub hosts: Vec<String>,
}

/// Approved inline code.
#[derive(Clone, Debug)]
pub struct Approval {
    /// `'sha256-…'`.
    pub source: String,
    /// An event handler, not a script.
    pub handler: bool,
    /// The place of its purpose, or `None` if the site cannot do without it.
    pub purpose: Option<usize>,
}

/// The parts of the compiled document that the gate needs.
#[derive(Deserialize)]
struct Document {
    served_from: String,
    mode: Option<String>,
    #[serde(default)]
    inline: Vec<DocumentInline>,
    purposes: Vec<DocumentPurpose>,
}

#[derive(Deserialize)]
struct DocumentInline {
    kind: String,
    purpose: String,
    sha256: String,
}

#[derive(Deserialize)]
struct DocumentPurpose {
    id: String,
    category: String,
    hosts: Vec<String>,
    services: Vec<DocumentService>,
}

#[derive(Deserialize)]
struct DocumentService {
    items: Vec<DocumentItem>,
}

#[derive(Deserialize)]
struct DocumentItem {
    kind: String,
    name: String,
    prefix: bool,
}

impl Rules {
    /// Of a published version.
    pub fn of(policy: Arc<Published>) -> Result<Self, Error> {
        let document: Document = serde_json::from_str(&policy.document).map_err(Error::internal)?;
        let mut cookies = Declared::default();
        let mut purposes = Vec::new();
        for (at, purpose) in document.purposes.into_iter().enumerate() {
            // A category that cannot be read is none that runs unasked.
            let necessary = Category::parse(&purpose.category) == Some(Category::Necessary);
            let owner = if necessary { Owner::Necessary } else { Owner::Optional(at) };
            for item in purpose.services.iter().flat_map(|service| &service.items) {
                if item.kind == "cookie" {
                    cookies.add(&item.name, item.prefix, owner);
                }
            }
            purposes.push(Purpose { id: purpose.id, necessary, hosts: purpose.hosts });
        }
        let place = |id: &str| purposes.iter().position(|purpose| purpose.id == id);
        let inline = document
            .inline
            .into_iter()
            .filter_map(|inline| {
                let purpose = match place(&inline.purpose) {
                    Some(at) => Some(at),
                    None if inline.purpose == NECESSARY => None,
                    // Of a purpose that is not there: never allowed.
                    None => return None,
                };
                let source = format!("'sha256-{}'", inline.sha256);
                Some(Approval { source, handler: inline.kind == "handler", purpose })
            })
            .collect();
        Ok(Self {
            hosts: Sources::new(purposes.iter().flat_map(|purpose| &purpose.hosts).map(String::as_str)),
            policy: Some(policy),
            purposes,
            cookies,
            inline,
            compatible: document.mode.as_deref() == Some("compatible"),
            base: document.served_from.trim_end_matches('/').to_owned(),
            classes: RwLock::default(),
        })
    }

    /// What holds while no policy can be read: nothing optional, no host but the site's own.
    pub fn without_policy() -> Self {
        Self {
            policy: None,
            purposes: Vec::new(),
            cookies: Declared::default(),
            inline: Vec::new(),
            hosts: Sources::default(),
            compatible: false,
            base: String::new(),
            classes: RwLock::default(),
        }
    }

    /// What is the same for all visitors who may have these purposes; made once.
    pub fn class(&self, allowed: Purposes) -> Arc<Class> {
        let known = self.classes.read().unwrap_or_else(PoisonError::into_inner).get(&allowed).cloned();
        if let Some(class) = known {
            return class;
        }
        let class = Arc::new(Class::new(self, allowed));
        let mut classes = self.classes.write().unwrap_or_else(PoisonError::into_inner);
        if classes.len() >= MOST_CLASSES {
            classes.clear();
        }
        classes.insert(allowed, Arc::clone(&class));
        class
    }

    /// Whether a path is Avow's own, which the gate leaves alone.
    pub fn is_own(&self, path: &str) -> bool {
        self.base.starts_with('/') && path.strip_prefix(&self.base).is_some_and(|rest| rest.starts_with('/'))
    }
}
