//! What the visitor did, and with what in front of them.
//!
//! Courts judge consent by what was shown and done, so both are part of the record.

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in records.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads that word; anything else is `None`.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&word).ok_or_else(|| {
                    serde::de::Error::unknown_variant("another word", &[$($word),+])
                })
            }
        }
    };
}

words!(
    /// Where the answer was given.
    Surface {
        /// The first layer.
        Banner = "banner",
        /// The dialog with one switch per purpose.
        Preferences = "preferences",
        /// The dialog, opened again after an earlier answer.
        Reopen = "reopen",
        /// The page's own call of `window.avow`.
        Page = "page",
        /// A form that was sent to the server without a script of ours: on Avow's page about cookies, or one of the
        /// site's own.
        Form = "form",
    }
);

words!(
    /// Which control was used.
    Control {
        /// Everything optional allowed.
        AcceptAll = "accept_all",
        /// Everything optional refused.
        RejectAll = "reject_all",
        /// A choice per purpose.
        Save = "save",
        /// An earlier grant taken back.
        Withdraw = "withdraw",
    }
);

words!(
    /// How the control was used.
    Input {
        /// Mouse or pen.
        Pointer = "pointer",
        /// A finger.
        Touch = "touch",
        /// A key.
        Keyboard = "keyboard",
        /// A program: good for a refusal, never for a grant.
        Script = "script",
        /// A form was sent; with what, no script was there to see.
        Submit = "submit",
    }
);

words!(
    /// How Avow was installed on the page.
    Form {
        /// One external script tag.
        External = "external",
        /// The pasted inline snippet.
        Snippet = "snippet",
        /// Behind the gate.
        Gate = "gate",
        /// Not at all: a form, which needs no script.
        None = "none",
    }
);

words!(
    /// The width of the page as the visitor saw it; classes, not numbers, which could identify.
    Viewport {
        /// Under 600 CSS pixels.
        Narrow = "narrow",
        /// 600 to 1023.
        Medium = "medium",
        /// 1024 and more.
        Wide = "wide",
        /// No script was there to measure it.
        Unknown = "unknown",
    }
);

words!(
    /// What happened, as it stands in the record.
    Event {
        /// Everything optional was granted.
        Given = "given",
        /// Something was granted, something refused.
        PartiallyGiven = "partially_given",
        /// Everything was refused, and no grant stood before.
        Refused = "refused",
        /// A grant that stood before was taken back.
        Withdrawn = "withdrawn",
        /// The same choices as in the former record, given anew.
        Renewed = "renewed",
        /// An objection to something that needs no consent.
        Objected = "objected",
        /// The end of a grant's time.
        Expired = "expired",
        /// A grant that turned out not to be valid.
        Invalidated = "invalidated",
    }
);

/// The reject button as measured when the answer was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct RejectButton {
    /// CSS pixels.
    pub width: u16,
    /// CSS pixels.
    pub height: u16,
    /// Contrast ratio of its text, times 100 (WCAG 1.4.3 asks for 450).
    pub contrast: u16,
    /// In view and covered by nothing.
    pub visible: bool,
}

impl RejectButton {
    /// Smallest side, CSS pixels (WCAG 2.5.8).
    pub const MIN_SIDE: u16 = 24;
    /// Least contrast ratio, times 100 (WCAG 1.4.3).
    pub const MIN_CONTRAST: u16 = 450;

    /// True if refusing was really offered: without that, a grant is not freely given.
    pub fn is_fair(&self) -> bool {
        self.visible
            && self.width >= Self::MIN_SIDE
            && self.height >= Self::MIN_SIDE
            && self.contrast >= Self::MIN_CONTRAST
    }
}

impl Event {
    /// Names what happened: `former` are the grants of the record that this one follows, in the policy's order.
    pub fn of(granted: &[bool], control: Control, former: Option<&[bool]>) -> Self {
        let any = granted.iter().any(|granted| *granted);
        let stood = former.is_some_and(|former| former.iter().any(|granted| *granted));
        if !any {
            return if stood || control == Control::Withdraw { Self::Withdrawn } else { Self::Refused };
        }
        if former.is_some_and(|former| former == granted) {
            return Self::Renewed;
        }
        if granted.iter().all(|granted| *granted) { Self::Given } else { Self::PartiallyGiven }
    }
}
