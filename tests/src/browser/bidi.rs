//! WebDriver BiDi over a WebSocket: commands answered by id, events kept in order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

/// Longer than any page load of a test.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// Something that the browser told.
#[derive(Clone, Debug)]
pub struct Event {
    /// `module.name`
    pub method: String,
    /// Its parameters.
    pub params: Value,
}

type Pending = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<Value>>>>>;

/// A connection; clones share it.
#[derive(Clone, Debug)]
pub struct Bidi {
    next: Arc<AtomicU64>,
    outbox: mpsc::UnboundedSender<Message>,
    pending: Pending,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Bidi {
    /// Connects to a session's WebSocket.
    pub async fn connect(url: &str) -> Result<Self> {
        let (socket, _) =
            tokio_tungstenite::connect_async(url).await.with_context(|| format!("connect to {url}"))?;
        let (mut sink, mut stream) = socket.split();
        let (outbox, mut inbox) = mpsc::unbounded_channel::<Message>();
        let (pending, events) = (Pending::default(), Arc::<Mutex<Vec<Event>>>::default());
        tokio::spawn(async move {
            while let Some(message) = inbox.recv().await {
                if sink.send(message).await.is_err() {
                    break;
                }
            }
        });
        let (answers, told) = (Arc::clone(&pending), Arc::clone(&events));
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                if let Message::Text(text) = message
                    && let Ok(value) = serde_json::from_str(&text)
                {
                    take(value, &answers, &told);
                }
            }
            // Whoever still waits hears that the browser is gone: dropping a sender does that.
            answers.lock().expect("no holder panics").clear();
        });
        Ok(Self { next: Arc::default(), outbox, pending, events })
    }

    /// Sends a command and waits for its result.
    pub async fn command(&self, method: &str, params: Value) -> Result<Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, wait) = oneshot::channel();
        self.pending.lock().expect("no holder panics").insert(id, answer);
        let text = json!({ "id": id, "method": method, "params": params }).to_string();
        self.outbox.send(Message::Text(text.into())).map_err(|_| anyhow!("the browser is gone"))?;
        match tokio::time::timeout(ANSWER_WITHIN, wait).await {
            Ok(Ok(result)) => result.with_context(|| method.to_owned()),
            Ok(Err(_)) => bail!("{method}: the browser is gone"),
            Err(_) => bail!("{method}: no answer within {} s", ANSWER_WITHIN.as_secs()),
        }
    }

    /// What was told since the `from`-th event.
    pub fn events(&self, from: usize) -> Vec<Event> {
        let events = self.events.lock().expect("no holder panics");
        events.get(from..).unwrap_or_default().to_vec()
    }

    /// How many events there were so far.
    pub fn count(&self) -> usize {
        self.events.lock().expect("no holder panics").len()
    }
}

fn take(mut value: Value, pending: &Pending, events: &Mutex<Vec<Event>>) {
    if let Some(id) = value["id"].as_u64() {
        let Some(answer) = pending.lock().expect("no holder panics").remove(&id) else { return };
        let result = if value["type"] == "error" {
            Err(anyhow!("{}: {}", value["error"], value["message"]))
        } else {
            Ok(value["result"].take())
        };
        drop(answer.send(result));
    } else if let Some(method) = value["method"].as_str() {
        let event = Event { method: method.to_owned(), params: value["params"].clone() };
        events.lock().expect("no holder panics").push(event);
    }
}
