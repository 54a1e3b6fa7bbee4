//! Starting the browsers, each with a fresh profile and nothing but loopback to talk to.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use reqwest::Client;
use serde_json::{Value, json};

use super::bidi::Bidi;
use super::{Browser, Engine, Habit};
use crate::database::directory;
use crate::process::Process;
use crate::tools::installed;

/// The programs that an engine needs: driver (if any) and browser.
pub(super) fn programs(engine: Engine) -> Option<(PathBuf, PathBuf)> {
    match engine {
        Engine::Chromium => Some((
            installed(&["chromedriver"], "AVOW_CHROMEDRIVER")?,
            installed(&["chromium", "chromium-browser", "google-chrome"], "AVOW_CHROMIUM")?,
        )),
        Engine::Firefox => {
            let firefox = installed(&["firefox-esr", "firefox"], "AVOW_FIREFOX")?;
            Some((firefox.clone(), firefox))
        }
    }
}

pub(super) async fn chromium(habit: Habit) -> Result<Browser> {
    let (driver, binary) =
        programs(Engine::Chromium).context("Chromium and chromedriver are not installed")?;
    let profile = directory()?;
    let mut process = Process::spawn("chromedriver", Command::new(driver).arg("--port=0"))?;
    let port = process
        .line("chromedriver's port", |line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim().trim_end_matches('.').parse::<u16>().ok()
        })
        .await?;
    let mut arguments = vec![
        "--headless".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--hide-scrollbars".to_owned(),
        // Every name is this machine, whatever a page asks for; nobody has certified its certificates.
        "--host-resolver-rules=MAP * 127.0.0.1".to_owned(),
        "--ignore-certificate-errors".to_owned(),
        format!("--user-data-dir={}", profile.path().display()),
    ];
    let mut preferences = json!({});
    match habit {
        Habit::Plain | Habit::Gpc | Habit::Arabic => {}
        // V8 without code generation has no WebAssembly either; its flag for that alone is gone.
        Habit::NoWasm => arguments.push("--js-flags=--jitless".to_owned()),
        Habit::NoStorage => preferences = json!({ "profile.default_content_setting_values.cookies": 2 }),
        Habit::Dark => arguments.push("--force-dark-mode".to_owned()),
        // The size of type in the settings, which is 16 as installed.
        Habit::LargeText => preferences = json!({ "webkit.webprefs.default_font_size": 32 }),
        Habit::Still => arguments.push("--force-prefers-reduced-motion".to_owned()),
        Habit::NoScript => {
            preferences = json!({ "profile.default_content_setting_values.javascript": 2 });
        }
    }
    // Whatever this machine speaks.
    let languages = if habit == Habit::Arabic { "ar-EG,cy" } else { "en-US,en" };
    preferences["intl.selected_languages"] = languages.into();
    let capabilities = json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "webSocketUrl": true,
        "unhandledPromptBehavior": "ignore",
        "goog:chromeOptions": { "binary": binary, "args": arguments, "prefs": preferences }
    } } });
    let answer: Value = Client::builder()
        .no_proxy()
        .build()?
        .post(format!("http://127.0.0.1:{port}/session"))
        .header("content-type", "application/json")
        .body(capabilities.to_string())
        .send()
        .await?
        .json()
        .await?;
    let granted = &answer["value"]["capabilities"];
    let Some(url) = granted["webSocketUrl"].as_str() else { bail!("chromedriver gave no session: {answer}") };
    let bidi = Bidi::connect(url).await?;
    let child = granted["goog:processID"].as_u64();
    let version = granted["browserVersion"].as_str().unwrap_or_default().to_owned();
    Ok(Browser { engine: Engine::Chromium, version, habit, bidi, process, child, _profile: profile })
}

pub(super) async fn firefox(habit: Habit) -> Result<Browser> {
    let (_, binary) = programs(Engine::Firefox).context("Firefox is not installed")?;
    let profile = directory()?;
    let mut preferences = String::from(QUIET);
    preferences.push_str(match habit {
        Habit::Plain => "",
        Habit::NoWasm => "user_pref('javascript.options.wasm', false);\n",
        Habit::NoStorage => {
            "user_pref('network.cookie.cookieBehavior', 2);\nuser_pref('dom.storage.enabled', false);\n"
        }
        Habit::Dark => "user_pref('layout.css.prefers-color-scheme.content-override', 0);\n",
        Habit::Gpc => {
            "user_pref('privacy.globalprivacycontrol.enabled', true);\n\
             user_pref('privacy.globalprivacycontrol.functionality.enabled', true);\n"
        }
        // The system's text size in percent, and that it is for text alone.
        Habit::LargeText => {
            "user_pref('ui.textScaleFactor', 200);\nuser_pref('browser.display.os-zoom-behavior', 2);\n"
        }
        Habit::Still => "user_pref('ui.prefersReducedMotion', 1);\n",
        Habit::Arabic => "user_pref('intl.accept_languages', 'ar-EG, cy');\n",
        Habit::NoScript => "user_pref('javascript.enabled', false);\n",
    });
    std::fs::write(profile.path().join("user.js"), preferences).context("write Firefox's preferences")?;
    let mut command = Command::new(binary);
    command
        .args(["--headless", "--no-remote", "--remote-debugging-port", "0", "--profile"])
        .arg(profile.path())
        .env("MOZ_DISABLE_CONTENT_SANDBOX", "1")
        .env("HOME", profile.path());
    let mut process = Process::spawn("firefox", &mut command)?;
    let address = process
        .line("Firefox's address", |line| {
            Some(line.split_once("WebDriver BiDi listening on ")?.1.trim().to_owned())
        })
        .await?;
    let bidi = Bidi::connect(&format!("{address}/session")).await?;
    let wanted = json!({ "capabilities": { "alwaysMatch": {
        "acceptInsecureCerts": true,
        "unhandledPromptBehavior": { "default": "ignore" }
    } } });
    let session = bidi.command("session.new", wanted).await?;
    let version = session["capabilities"]["browserVersion"].as_str().unwrap_or_default().to_owned();
    Ok(Browser { engine: Engine::Firefox, version, habit, bidi, process, child: None, _profile: profile })
}

/// No calls home, no first-run pages, English whatever this machine speaks, and third-party cookies as they are by
/// default.
const QUIET: &str = "\
user_pref('intl.accept_languages', 'en-US, en');
user_pref('app.update.enabled', false);
user_pref('app.normandy.enabled', false);
user_pref('browser.aboutwelcome.enabled', false);
user_pref('browser.safebrowsing.malware.enabled', false);
user_pref('browser.safebrowsing.phishing.enabled', false);
user_pref('browser.safebrowsing.downloads.enabled', false);
user_pref('browser.shell.checkDefaultBrowser', false);
user_pref('browser.startup.homepage', 'about:blank');
user_pref('browser.startup.page', 0);
user_pref('browser.newtabpage.enabled', false);
user_pref('browser.topsites.contile.enabled', false);
user_pref('browser.sessionstore.resume_from_crash', false);
user_pref('datareporting.policy.dataSubmissionEnabled', false);
user_pref('datareporting.healthreport.uploadEnabled', false);
user_pref('dom.push.connection.enabled', false);
user_pref('extensions.update.enabled', false);
user_pref('extensions.getAddons.cache.enabled', false);
user_pref('extensions.systemAddon.update.enabled', false);
user_pref('media.gmp-manager.updateEnabled', false);
user_pref('network.captive-portal-service.enabled', false);
user_pref('network.connectivity-service.enabled', false);
user_pref('network.trr.mode', 5);
user_pref('network.dns.native-is-localhost', true);
user_pref('services.settings.server', 'http://127.0.0.1:1/');
user_pref('toolkit.telemetry.enabled', false);
user_pref('toolkit.telemetry.server', '');
user_pref('dom.disable_open_during_load', false);
user_pref('remote.active-protocols', 1);
";
