//! One run of the matrix: an install form, a consent state, an engine.

use std::fmt;

/// How Avow is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Not at all: the control, which proves that what is sent is seen.
    Bare,
    /// One script tag.
    External,
    /// The pasted snippet.
    Snippet,
    /// A gate before the site.
    Gate,
}

impl Form {
    /// All, the control first.
    pub const ALL: [Self; 4] = [Self::Bare, Self::External, Self::Snippet, Self::Gate];

    /// Its name in the file of expected cells and in test names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::External => "external",
            Self::Snippet => "snippet",
            Self::Gate => "gate",
        }
    }

    /// Its name in the docs.
    pub fn title(self) -> &'static str {
        match self {
            Self::Bare => "no Avow",
            Self::External => "form (a), one script tag",
            Self::Snippet => "form (b), the pasted snippet",
            Self::Gate => "form (c), the gate",
        }
    }

    /// The consent states that can be reached with it.
    pub fn states(self) -> &'static [State] {
        match self {
            Self::Bare => &[State::None],
            Self::External | Self::Snippet | Self::Gate => &[State::None, State::Partial, State::All],
        }
    }
}

/// What the visitor has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing yet.
    None,
    /// Analytics, not marketing.
    Partial,
    /// Everything.
    All,
}

impl State {
    /// Its name in the file of expected cells.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Partial => "partial",
            Self::All => "all",
        }
    }

    /// Its name in the docs.
    pub fn title(self) -> &'static str {
        match self {
            Self::None => "no choice yet",
            Self::Partial => "analytics allowed, marketing not",
            Self::All => "everything allowed",
        }
    }
}

/// The engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    Chromium,
    Firefox,
    WebKit,
}

impl Engine {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// Its name in the file of expected cells and in test names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// Its name in the docs.
    pub fn title(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKitGTK",
        }
    }
}

/// A page load of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    pub form: Form,
    pub state: State,
    pub engine: Engine,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.form.name(), self.state.name(), self.engine.name())
    }
}
