//! Problems: every error that leaves the server, as `application/problem+json` (RFC 9457).
//!
//! A problem says what was wrong with the request in words that name no visitor: never a value out of the
//! body, an address, a token or a database message.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The media type of every error body.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The prefix of every problem type.
pub const TYPE_PREFIX: &str = "urn:avow:problem:";

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $slug:literal, $status:literal, $title:literal;)*) => {
        /// What can go wrong, one variant per problem type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind, for the API description and its test.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The last part of the problem type.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// The HTTP status that goes with it.
            pub const fn code(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// One sentence that is always true of this kind.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

kinds! {
    /// The request does not parse: not JSON, not UTF-8, cut short, a bad query or path.
    Malformed = "malformed", 400, "The request cannot be read.";
    /// No token, a token that is not valid, or one without the scope.
    Unauthorized = "unauthorized", 401, "A valid token is needed.";
    /// The page that sent the request is not one of the site's.
    ForeignOrigin = "foreign-origin", 403, "The page's origin is not one of the site's domains.";
    /// The site is not published here.
    UnknownSite = "unknown-site", 404, "There is no such site.";
    /// Unknown id and wrong secret alike, and every unknown path.
    NotFound = "not-found", 404, "There is nothing here that you may see.";
    /// The path exists, the method does not.
    MethodNotAllowed = "method-not-allowed", 405, "This path does not take this method.";
    /// The record was erased, and nothing of it is left.
    Erased = "erased", 410, "This record was erased.";
    /// The id is taken by another body or another secret.
    IdConflict = "id-conflict", 409, "This id is already used for another decision.";
    /// A grant is in force by the record: it must be withdrawn before it is erased.
    GrantInForce = "grant-in-force", 409, "This record's grant is in force; withdraw it first.";
    /// A legal hold keeps the record for now.
    Held = "held", 409, "This record is under a legal hold and stays for now.";
    /// The body is over the limit.
    TooLarge = "too-large", 413, "The request body is too large.";
    /// The body is of another media type than the path takes.
    UnsupportedMediaType = "unsupported-media-type", 415, "The request body must be JSON.";
    /// It parses and breaks a rule that has no type of its own.
    Invalid = "invalid", 422, "The request breaks a rule.";
    /// The policy version was never published, or is superseded for too long.
    UnknownVersion = "unknown-version", 422, "This policy version is not accepted.";
    /// A choice names a purpose that the version does not declare.
    UndeclaredPurpose = "undeclared-purpose", 422, "A purpose is not declared in this policy version.";
    /// An optional purpose of the version has no choice.
    MissingPurpose = "missing-purpose", 422, "A declared purpose has no choice.";
    /// A necessary purpose is refused: there is nothing to refuse.
    NecessaryRefused = "necessary-refused", 422, "A necessary purpose is not a choice.";
    /// A grant that no person made, or with no fair way to refuse.
    GrantWithoutGesture = "grant-without-gesture", 422, "A grant needs a person's gesture and a fair refusal.";
    /// The visitor's clock is too far off; member `server_time` says how far.
    ClockSkew = "clock-skew", 422, "The time of the decision is too far from the server's.";
    /// Too many requests from one network address.
    RateLimited = "rate-limited", 429, "Too many requests; try again later.";
    /// A fault of the server.
    Internal = "internal", 500, "The server failed.";
    /// The database is away or the server is stopping: the same request succeeds later.
    Unavailable = "unavailable", 503, "The service is not available now; try again later.";
    /// The log in the database is not the one that was signed: nothing is stored until an operator has looked.
    LogHalted = "log-halted", 503, "This site's log is halted; nothing is stored in it now.";
    /// The disk is full: nothing was stored.
    StorageFull = "storage-full", 507, "There is no room to store the record.";
}

impl Kind {
    /// The whole problem type.
    pub fn type_uri(self) -> String {
        format!("{TYPE_PREFIX}{}", self.slug())
    }

    /// The status as actix's type.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The kind that fits a bare status, as frameworks answer it.
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Unauthorized,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            413 => Self::TooLarge,
            415 => Self::UnsupportedMediaType,
            422 => Self::Invalid,
            429 => Self::RateLimited,
            503 => Self::Unavailable,
            507 => Self::StorageFull,
            400..=499 => Self::Malformed,
            _ => Self::Internal,
        }
    }
}

/// One problem, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    kind: Kind,
    detail: Option<String>,
    members: Map<String, Value>,
    retry_after: Option<u32>,
}

/// The members of a problem on the wire; some kinds add their own (`server_time`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:avow:problem:` and the slug.
    #[schema(example = "urn:avow:problem:unknown-site")]
    pub r#type: String,
    /// The same words for every problem of this type.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// What exactly was wrong this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Members of the kind, such as `server_time` in milliseconds UTC.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub members: Map<String, Value>,
}

impl Problem {
    /// A problem with nothing to add to its title.
    pub fn new(kind: Kind) -> Self {
        Self { kind, detail: None, members: Map::new(), retry_after: None }
    }

    /// Says what exactly was wrong, without a value out of the request.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a member of the kind's own.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Says after how many seconds the same request may succeed.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// What kind of problem it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The body bytes.
    pub fn to_json(&self) -> String {
        let body = ProblemBody {
            r#type: self.kind.type_uri(),
            title: self.kind.title().to_owned(),
            status: self.kind.code(),
            detail: self.detail.clone(),
            members: self.members.clone(),
        };
        serde_json::to_string(&body).expect("a problem is a map of strings and plain values")
    }

    /// The whole answer.
    pub fn response(&self) -> HttpResponse {
        let mut builder = HttpResponse::build(self.kind.status());
        builder.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        builder.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after.or_else(|| self.kind.default_retry_after()) {
            builder.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.kind == Kind::Unauthorized {
            builder.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        builder.body(self.to_json())
    }
}

impl Kind {
    /// Seconds; a 429 or 503 without a better figure still names one.
    fn default_retry_after(self) -> Option<u32> {
        match self {
            Self::Unavailable => Some(5),
            Self::RateLimited => Some(1),
            _ => None,
        }
    }
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.slug())?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_has_its_own_slug_and_an_error_status() {
        let slugs: HashSet<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        assert_eq!(slugs.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert!((400..600).contains(&kind.code()), "{kind:?}");
        }
    }

    #[test]
    fn the_body_carries_type_status_detail_and_members() {
        let problem = Problem::new(Kind::ClockSkew).detail("a year off").member("server_time", 17);
        let body: Value = serde_json::from_str(&problem.to_json()).expect("a problem is JSON");
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:avow:problem:clock-skew",
                "title": "The time of the decision is too far from the server's.",
                "status": 422,
                "detail": "a year off",
                "server_time": 17
            })
        );
    }

    #[test]
    fn unavailable_always_says_when_to_retry() {
        let response = Problem::new(Kind::Unavailable).response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers().get(header::RETRY_AFTER).expect("a 503 names a time"), "5");
    }

    #[test]
    fn a_bare_status_finds_a_kind_of_the_same_status() {
        for code in [400, 401, 404, 405, 413, 415, 422, 429, 500, 503, 507] {
            let status = StatusCode::from_u16(code).expect("a valid status");
            assert_eq!(Kind::of_status(status).status(), status);
        }
    }
}
