//! Avow's own pages for visitors: what the page about cookies must say.

use anyhow::{Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Setup, TestServer};

/// DPA 2018 s.164A: with whom one can complain, and where.
async fn the_page_about_cookies_says_to_whom_one_can_complain(kind: Kind) -> Result<()> {
    let policies = vec![policy::in_languages(&policy::toml(""), &["en", "cy"])?];
    let server = TestServer::start(Setup { policies, ..Setup::on(kind) }).await?;
    let regulator = "<a href=\"https://ico.org.uk\"><bdi>Information Commission (ICO)</bdi></a>.";
    for (language, sentence) in [
        ("en", "You can complain to us, and to the regulator: "),
        ("cy", "Gallwch gwyno i ni, ac i’r rheoleiddiwr: "),
    ] {
        for part in ["", "&part=main"] {
            let page = server.get(&format!("/page/{SITE}/cookies?lang={language}{part}")).await?;
            ensure!(page.status == 200, "{} {}", page.status, page.text());
            let said = format!("<p>{sentence}{regulator}</p>");
            ensure!(page.text().contains(&said), "{said} in {}", page.text());
        }
    }
    Ok(())
}

avow_tests::on_both!(the_page_about_cookies_says_to_whom_one_can_complain,);
