//! A bare server for one test: stores each body in a SQLite file and answers 201 after the commit.
//!
//! `avow-unsynced FILE FULL|OFF`. With `OFF` the commit is not synced to disk: the control that shows that
//! the system-call test in `tests/faults/sync.rs` would notice.

use std::str::FromStr;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

#[actix_web::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().context("the first argument is the file")?;
    let synchronous = arguments.next().context("the second argument is FULL or OFF")?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::from_str(&synchronous)?);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    sqlx::query("CREATE TABLE records (body BLOB NOT NULL)").execute(&pool).await?;
    let data = web::Data::new(pool);
    let server = HttpServer::new(move || App::new().app_data(data.clone()).default_service(web::to(insert)))
        .workers(1)
        .bind("127.0.0.1:0")?;
    if let Some(address) = server.addrs().first() {
        println!("listening on http://{address}");
    }
    Ok(server.run().await?)
}

async fn insert(pool: web::Data<SqlitePool>, body: web::Bytes) -> HttpResponse {
    match sqlx::query("INSERT INTO records VALUES (?)").bind(body.to_vec()).execute(&**pool).await {
        Ok(_) => HttpResponse::Created().finish(),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
