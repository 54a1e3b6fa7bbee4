//! What the engine needs to know of a published policy; the whole of it lives on the server.

use crate::basis::Basis;
use crate::category::{Category, OptionalCategory};
use crate::id::{PurposeId, SiteId};
use crate::regime::Regime;

/// The greatest number of purposes in one policy.
pub const MAX_PURPOSES: usize = 64;

/// A published version of a site's policy, as the engine sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The site that published it.
    pub site: SiteId,
    /// Counts up from 1 with every publish.
    pub version: u32,
    /// SHA-256 of the canonical policy document, 64 hexadecimal characters.
    pub hash: String,
    /// How consent works for this visitor.
    pub regime: Regime,
    purposes: Vec<Purpose>,
}

/// One purpose of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// Its id, the same through all versions.
    pub id: PurposeId,
    /// Its category.
    pub category: Category,
    /// Why its items may be stored.
    pub basis: Basis,
    /// The last version in which it changed so much that an older grant no longer covers it.
    pub since: u32,
    /// Who asks for it.
    pub asked: Asked,
}

/// Who asks a visitor for a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The banner, with all others.
    ByBanner,
    /// A form of the site's own, such as one for a newsletter: "accept all" says nothing about it.
    ByForm,
}

/// A purpose that a visitor decides on.
#[derive(Clone, Copy, Debug)]
pub struct OptionalPurpose<'a> {
    /// The purpose.
    pub purpose: &'a Purpose,
    /// Its category, known to be optional.
    pub category: OptionalCategory,
}

/// Why a list of purposes is no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// Two purposes have one id.
    DuplicatePurpose,
    /// More than [`MAX_PURPOSES`].
    TooManyPurposes,
    /// A necessary purpose rests on a basis that can be refused, or an optional one on one that cannot.
    BasisOfAnotherCategory,
    /// A purpose claims a change in a version that is not out yet, or in version 0.
    SinceOutOfRange,
}

impl Policy {
    /// Checks the purposes and makes a policy of them.
    pub fn new(
        site: SiteId,
        version: u32,
        hash: String,
        regime: Regime,
        purposes: Vec<Purpose>,
    ) -> Result<Self, PolicyError> {
        if purposes.len() > MAX_PURPOSES {
            return Err(PolicyError::TooManyPurposes);
        }
        for (at, purpose) in purposes.iter().enumerate() {
            if purposes[..at].iter().any(|earlier| earlier.id == purpose.id) {
                return Err(PolicyError::DuplicatePurpose);
            }
            if (purpose.category == Category::Necessary) != purpose.basis.is_necessary() {
                return Err(PolicyError::BasisOfAnotherCategory);
            }
            if purpose.since == 0 || purpose.since > version {
                return Err(PolicyError::SinceOutOfRange);
            }
        }
        Ok(Self { site, version, hash, regime, purposes })
    }

    /// The same policy for a visitor under another regime.
    #[must_use]
    pub fn in_regime(&self, regime: Regime) -> Self {
        Self { regime, ..self.clone() }
    }

    /// The same policy with some of its optional purposes: those that were asked about.
    #[must_use]
    pub fn only(&self, asked: impl Fn(&Purpose) -> bool) -> Self {
        let is_asked = |purpose: &&Purpose| purpose.category == Category::Necessary || asked(purpose);
        Self { purposes: self.purposes.iter().filter(is_asked).cloned().collect(), ..self.clone() }
    }

    /// Why a purpose's items may be stored here: an exemption that the regime does not know is no reason, so there it
    /// is consent.
    pub fn basis_of(&self, purpose: &Purpose) -> Basis {
        if purpose.basis.is_exemption() && !self.is_exempt(purpose) { Basis::Consent } else { purpose.basis }
    }

    /// Whether the regime exempts a purpose from consent.
    pub fn is_exempt(&self, purpose: &Purpose) -> bool {
        self.regime.exemptions && purpose.basis.is_exemption()
    }

    /// All purposes, in the policy's order.
    pub fn purposes(&self) -> &[Purpose] {
        &self.purposes
    }

    /// The purposes that a visitor decides on, in the policy's order.
    pub fn optional(&self) -> impl Iterator<Item = OptionalPurpose<'_>> {
        self.purposes
            .iter()
            .filter_map(|purpose| Some(OptionalPurpose { purpose, category: purpose.category.optional()? }))
    }
}
