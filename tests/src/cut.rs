//! A wire that can be cut: a TCP relay between two parts, to take a database or the network away for real.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A relay on a loopback port of its own. Cut, it refuses new connections and drops the present ones.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    whole: watch::Sender<bool>,
    relay: JoinHandle<()>,
}

impl Wire {
    /// Relays to `target` (`host:port`).
    pub async fn to(target: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("bind the relay")?;
        let address = listener.local_addr()?;
        let (whole, seen) = watch::channel(true);
        let target: Arc<str> = target.into();
        let relay = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (target, mut seen) = (Arc::clone(&target), seen.clone());
                // Cut: accepting and closing at once looks to the client like a host that is gone.
                if *seen.borrow() {
                    tokio::spawn(async move {
                        tokio::select! {
                            () = join(near, &target) => {}
                            _ = seen.wait_for(|whole| !whole) => {}
                        }
                    });
                }
            }
        });
        Ok(Self { address, whole, relay })
    }

    /// Where to connect instead of the target.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Drops every connection and lets no new one through.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.relay.abort();
        self.whole.send_replace(false);
    }
}

async fn join(mut near: TcpStream, target: &str) {
    if let Ok(mut far) = TcpStream::connect(target).await {
        drop(near.set_nodelay(true));
        drop(far.set_nodelay(true));
        drop(copy_bidirectional(&mut near, &mut far).await);
    }
}
