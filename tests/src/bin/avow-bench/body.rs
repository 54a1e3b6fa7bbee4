//! The requests of the load: submissions as the widget writes them, each with an id and a secret of its own.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use avow_shared::act::{Control, Form, Input, RejectButton, Surface, Viewport};
use avow_shared::id::{Millis, RecordId};
use avow_shared::submission::{PolicyRef, SignalsRef, Submission, Ui};

/// The site that the load belongs to.
pub const SITE: &str = "bench";

/// Its policy file.
pub const POLICY: &str = include_str!("policy.toml");

const ID: &str = "00000000-0000-7000-8000-000000000000";
const SECRET: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// The text of a submission, with holes for id, secret and time.
pub struct Template {
    json: String,
    head: String,
    id: usize,
    secret: usize,
    /// Tells the ids of one run from those of another.
    run: u32,
}

impl Template {
    /// For a published policy.
    pub fn new(address: SocketAddr, version: u32, hash: &str, run: u32) -> Self {
        let json = Submission {
            id: ID.to_owned(),
            secret: SECRET.to_owned(),
            site: SITE.to_owned(),
            policy: PolicyRef { version, sha256: hash.to_owned() },
            choices: vec![("analytics".to_owned(), true), ("marketing".to_owned(), false)],
            decided_at: now().0,
            locale: "en".to_owned(),
            regime: "gb".to_owned(),
            surface: Surface::Preferences,
            control: Control::Save,
            input: Input::Pointer,
            signals: SignalsRef { gpc: false, dnt: false },
            ui: Ui {
                widget: "0123456789abcdef".to_owned(),
                guard: "fedcba9876543210".to_owned(),
                form: Form::External,
                theme: "plain".to_owned(),
                viewport: Viewport::Wide,
                reject: Some(RejectButton { width: 180, height: 44, contrast: 1200, visible: true }),
            },
            chain: 0,
            previous: None,
        }
        .to_json();
        let head = format!(
            "POST /v1/consents HTTP/1.1\r\nHost: {address}\r\nOrigin: http://bench.localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            json.len()
        );
        let id = json.find(ID).expect("the template holds its id");
        let secret = json.find(SECRET).expect("the template holds its secret");
        Self { json, head, id, secret, run }
    }

    /// The body alone, as every request has it but for the id and the secret.
    pub fn body(&self) -> &str {
        &self.json
    }

    /// Id and secret of a request that [`Template::write`] wrote.
    pub fn id_and_secret(&self, request: &[u8]) -> (String, String) {
        let text = |at: usize, len: usize| {
            let start = self.head.len() + at;
            String::from_utf8_lossy(&request[start..start + len]).into_owned()
        };
        (text(self.id, ID.len()), text(self.secret, SECRET.len()))
    }

    /// Writes request number so and so.
    pub fn write(&self, number: u64, request: &mut Vec<u8>) {
        request.extend_from_slice(self.head.as_bytes());
        let start = request.len();
        request.extend_from_slice(self.json.as_bytes());
        let mut random = [0; 10];
        random[..4].copy_from_slice(&self.run.to_be_bytes());
        random[4..].copy_from_slice(&number.to_be_bytes()[2..]);
        let id = RecordId::from_parts(now(), random).to_text();
        request[start + self.id..][..ID.len()].copy_from_slice(id.as_bytes());
        // 16 letters of the number in hexadecimal are base64url as well.
        let secret = format!("{number:016x}");
        request[start + self.secret..][..16].copy_from_slice(secret.as_bytes());
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    Millis(i64::try_from(since.as_millis()).expect("a year before 292 million"))
}
