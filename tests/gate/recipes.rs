//! `avow headers`: what it prints for nginx, in a real nginx.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::{SITE, toml};
use avow_tests::process::Process;
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use avow_tests::tools;
use reqwest::header::CONTENT_SECURITY_POLICY;

#[tokio::test(flavor = "multi_thread")]
async fn nginx_closes_pages_until_a_cookie_claims_a_grant() -> Result<()> {
    let Some(nginx) = tools::installed(&["nginx"], "AVOW_NGINX") else {
        // Only this test needs it, and only the full tier installs it.
        return if tools::full() { tools::skip("nginx") } else { Ok(()) };
    };
    let avow = TestServer::start(Setup { policies: vec![toml("")], ..Setup::on(Kind::Sqlite) }).await?;
    let plain = avow.avow_ok(&["headers", SITE])?;
    let printed = avow.avow_ok(&["headers", SITE, "--server", "nginx"])?;
    let (http, server) = printed.split_once("# In the server block").context("both blocks are printed")?;
    // Free when it was looked for; nothing else here asks for a port it was not given.
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let file = |name: &str| avow.file(name, "");
    let (log, pid) = (file("nginx.log")?, file("nginx.pid")?);
    let configuration = avow.file(
        "nginx.conf",
        &format!(
            "daemon off; master_process off; error_log {log} crit; pid {pid};\nevents {{}}\nhttp {{\naccess_log off;\n\
             client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};\n\
             {http}\nserver {{\nlisten 127.0.0.1:{port};\n{server}\nlocation / {{ return 200 \"page\"; }}\n}}\n}}\n",
            log = log.display(),
            pid = pid.display(),
            folder = pid.with_extension("tmp").display(),
        ),
    )?;
    let mut process = Process::spawn("nginx", Command::new(nginx).arg("-c").arg(&configuration))?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let ask = async |cookie: &str| {
        let request = client.get(format!("http://127.0.0.1:{port}/")).header("Cookie", cookie);
        let answer = request.send().await?.error_for_status()?;
        let policies = answer.headers().get_all(CONTENT_SECURITY_POLICY).iter();
        policies.map(|policy| Ok(policy.to_str()?.to_owned())).collect::<Result<Vec<_>>>()
    };
    let closed = until("nginx answers", async || Ok(Some(ask("basket=1").await?))).await?;
    let expected: Vec<_> =
        plain.lines().filter_map(|line| line.strip_prefix("Content-Security-Policy: ")).collect();
    ensure!(closed == expected && closed.len() == 2, "{closed:?} is not {expected:?}");
    for refused in ["analytics:0~video:0", "analytics:0~_gpc:1", "analytics:0~video:0~_gpc:1"] {
        ensure!(ask(&format!("avow=1.1.t.u.{refused}.-")).await? == closed, "{refused} grants nothing");
    }
    for granted in ["analytics:1~video:0", "video:0~analytics:1", "analytics:1~_gpc:1"] {
        ensure!(
            ask(&format!("a=b; avow=1.1.t.u.{granted}.-")).await?.is_empty(),
            "{granted}: the snippet decides"
        );
    }
    process.stop().await?;
    Ok(())
}
