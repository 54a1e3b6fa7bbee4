//! A reverse proxy of the gate's own parts, without the gate: what `cargo xtask bench gate` measures the gate against.
//!
//! `forward http://127.0.0.1:3000` listens on a free port and prints it.

use actix_web::{App, HttpServer, web};
use avow_server::gate::proxy::{Address, Upstream, forward};
use avow_server::limits::TrustedProxies;
use std::time::Duration;

/// How long the site may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let site: Address = std::env::args().nth(1).ok_or("the site's address")?.parse()?;
    let server = HttpServer::new(move || {
        let upstream = Upstream::new(site.clone(), TrustedProxies::default(), PATIENCE);
        App::new().app_data(web::Data::new(upstream)).default_service(web::to(forward))
    })
    .bind(("127.0.0.1", 0))?;
    println!("listening on http://{}", server.addrs()[0]);
    server.run().await?;
    Ok(())
}
