//! Builds everything and serves the demo site until it is interrupted.

use crate::children;
use crate::setup::{self, Scope};
use crate::shell::{capture, cargo, root, run as run_command, step, target_dir};
use crate::widget::{self, Budget};
use anyhow::{Context, Result, bail};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The folder of the sites: each with a `site.toml` and its policy.
const SITES: &str = "demo-site";
/// The site whose log is public and watched by a witness.
const WITNESSED: &str = "careers-enterprise";
const SITE_PORT: u16 = 8000;
const THIRD_PARTY_PORT: u16 = 8001;
const AVOW_PORT: u16 = 8010;
const WITNESS_PORT: u16 = 8020;

pub fn run() -> Result<()> {
    setup::run(Scope::Build)?;
    widget::run(Budget::Warns)?;
    step("build the server and the demo site", || {
        run_command(cargo().args(["build", "--package", "avow-server", "--package", "avow-demo", "--bins"]))
    })?;
    for port in [SITE_PORT, THIRD_PARTY_PORT, AVOW_PORT, WITNESS_PORT] {
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_err() {
            bail!("port {port} is taken: stop what listens there");
        }
    }
    let (avow, demo) = (target_dir().join("debug/avow"), target_dir().join("debug/avow-demo"));
    let data = target_dir().join("demo");
    let policy_of = |site: &str| root().join(SITES).join(site).join("avow.toml");
    let snippets = data.join("snippets");
    fs::create_dir_all(&snippets)?;
    let log_key = step("the log's key", || log_key(&avow, &data, &policy_of(WITNESSED), WITNESSED))?;
    let witness_key = start_witness(&avow, &data, log_key.trim())?;
    step("publish the policies of the sites", || {
        for site in sites()? {
            if site == WITNESSED {
                let witnessed = data.join("avow.toml");
                let text = fs::read_to_string(policy_of(&site))? + &log_section(&witness_key);
                fs::write(&witnessed, text)?;
                publish(&avow, &data, &witnessed)?;
            } else {
                publish(&avow, &data, &policy_of(&site))?;
            }
            let mut make_snippet = Command::new(&avow);
            make_snippet.args(["snippet", &site]).arg("--data").arg(&data);
            fs::write(snippets.join(format!("{site}.html")), capture(&mut make_snippet)?)?;
        }
        Ok(())
    })?;

    let avow_url = format!("http://127.0.0.1:{AVOW_PORT}");
    let mut serve = Command::new(&avow);
    serve.args([
        "serve",
        "--listen",
        &format!("127.0.0.1:{AVOW_PORT}"),
        "--trusted-proxy",
        "loopback",
        // Where a visitor pretends to be; only the demo's own proxy says it.
        "--country-header",
        "x-demo-place",
        "--data",
    ]);
    serve.arg(&data);
    let (server, _) = start(&mut serve, "listening on ")?;
    let mut sites = Command::new(&demo);
    sites.args(["--site-port", &SITE_PORT.to_string(), "--third-party-port", &THIRD_PARTY_PORT.to_string()]);
    sites.args(["--avow-url", &avow_url, "--snippets"]).arg(&snippets).arg("--sites").arg(root().join(SITES));
    let (sites, _) = start(&mut sites, "third party ")?;

    println!();
    println!("  start here              http://demo.localhost:{SITE_PORT}/");
    println!("  one of the five sites   http://careers.localhost:{SITE_PORT}/");
    println!("  … with the snippet      http://careers.localhost:{SITE_PORT}/b/");
    println!("  … without Avow          http://careers.localhost:{SITE_PORT}/plain/");
    println!("  what third parties see  http://collector.localhost:{THIRD_PARTY_PORT}/live");
    println!("  Avow itself             {avow_url}/openapi.json");
    println!(
        "  the records             target/debug/avow export --data target/demo --site {WITNESSED} --format csv"
    );
    println!("  the log                 {avow_url}/log/{WITNESSED}/checkpoint");
    println!("                          target/debug/avow verify log {avow_url}/log/{WITNESSED} --key KEY");
    println!("  its key                 target/debug/avow key show --data target/demo --site {WITNESSED}");
    println!("\n  Ctrl-C ends everything.");
    while !children::has_ended(server) && !children::has_ended(sites) {
        std::thread::sleep(Duration::from_millis(200));
    }
    bail!("a server ended by itself")
}

fn publish(avow: &Path, data: &Path, policy: &Path) -> Result<()> {
    let mut publish = Command::new(avow);
    publish.args(["site", "publish"]).arg(policy).arg("--data").arg(data);
    capture(&mut publish).map(drop)
}

/// The public key of the site's log. It is named after the site's first policy, so that must be published once.
fn log_key(avow: &Path, data: &Path, policy: &Path, site: &str) -> Result<String> {
    let show = || {
        let mut show = Command::new(avow);
        show.args(["key", "show", "--site", site]).arg("--data").arg(data);
        capture(&mut show)
    };
    show().or_else(|_| {
        publish(avow, data, policy)?;
        show()
    })
}

/// Starts the witness of the demo's log; its public key.
fn start_witness(avow: &Path, data: &Path, log_key: &str) -> Result<String> {
    let folder = data.join("witness");
    fs::create_dir_all(&folder)?;
    let mut witness = Command::new(avow);
    witness
        .args(["witness", "--listen", &format!("127.0.0.1:{WITNESS_PORT}")])
        .args(["--name", "witness.localhost/demo", "--log-key", log_key])
        .arg("--state")
        .arg(folder.join("state"))
        .arg("--key")
        .arg(folder.join("key"));
    let (_, line) = start(&mut witness, "witness ")?;
    Ok(line.trim_start_matches("witness ").trim().to_owned())
}

/// What the demo's policy says of its log, beside what stands in its file.
fn log_section(witness_key: &str) -> String {
    format!(
        "\n[log]\npublic = true\n\n[[log.witness]]\nurl = \"http://127.0.0.1:{WITNESS_PORT}\"\nkey = \"{witness_key}\"\n"
    )
}

/// Starts a server and waits until it prints a line that starts like that, which is returned; its output is shown.
fn start(command: &mut Command, ready: &'static str) -> Result<(u32, String)> {
    let pid = children::start(command.stdout(Stdio::piped()), "-TERM", None)?;
    let output = children::take_stdout(pid).context("the output is piped")?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if line.starts_with(ready) {
                let _ = tell.send(line.clone());
            }
            println!("    {line}");
        }
    });
    let line = told.recv_timeout(Duration::from_secs(30)).with_context(|| {
        format!("{} did not say `{}`", command.get_program().to_string_lossy(), ready.trim_end())
    })?;
    Ok((pid, line))
}

/// The ids of the sites: the names of their folders, in order.
fn sites() -> Result<Vec<String>> {
    let entries = fs::read_dir(root().join(SITES)).context("list the demo's sites")?;
    let mut sites: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("site.toml").is_file())
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    sites.sort();
    Ok(sites)
}
