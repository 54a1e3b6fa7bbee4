//! What an answer does to the page: may it go on as it is, or must it be loaded anew?
//!
//! Pure. A Content-Security-Policy cannot be loosened in a living page, and a script cannot be unloaded:
//! those are the only two reasons to reload. A refusal of what never ran changes nothing, so it never
//! reloads.

use avow_shared::fields::Fields;

/// What is known of the page; every text is a list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page<'a> {
    /// Hosts that the policy in force lets through and origins that it has blocked, each by commas; `None` if no
    /// policy is in force.
    pub enforced: Option<(&'a str, &'a str)>,
    /// Purposes that tags on the page are marked with, by spaces.
    pub marked: &'a str,
    /// Whether the answer was given on this page and not in another tab.
    pub own: bool,
    /// Whether the device kept the answer: without that, loading anew would only ask again.
    pub kept: bool,
}

/// One purpose, before and after the answer.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The purpose.
    pub purpose: &'a str,
    /// The hosts that it needs, by commas.
    pub hosts: &'a str,
    /// Whether it might run on this page until now.
    pub before: bool,
    /// Whether it may run from now on.
    pub after: bool,
}

/// Must the page be loaded anew?
pub fn reloads(changes: &[Change<'_>], page: &Page<'_>) -> bool {
    if !page.kept {
        return false;
    }
    if changes.iter().any(|change| change.before && !change.after) {
        return true;
    }
    let Some((in_force, blocked)) = page.enforced else { return false };
    if !page.own {
        return false;
    }
    changes.iter().filter(|change| !change.before && change.after).any(|change| {
        let marked = Fields::new(page.marked, b' ').any(|mark| mark == change.purpose);
        let mut hosts = Fields::new(change.hosts, b',').filter(|host| !host.is_empty());
        // What was blocked may have been this purpose's: a needless reload costs less than a dead tag.
        (marked || !blocked.is_empty())
            && hosts.any(|host| Fields::new(in_force, b',').all(|other| other != host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: Change<'_> =
        Change { purpose: "video", hosts: "https://v.example", before: false, after: false };
    const COUNT: Change<'_> =
        Change { purpose: "count", hosts: "https://a.example,*.b.example:*", before: false, after: false };

    const CDN: &str = "https://cdn.example";
    const PAGE: Page<'_> = Page { enforced: Some((CDN, "")), marked: "", own: true, kept: true };

    fn granted(change: Change<'static>) -> Change<'static> {
        Change { after: true, ..change }
    }

    #[test]
    fn a_refusal_never_reloads() {
        let page = Page { enforced: Some((CDN, "https://a.example")), marked: "count video", ..PAGE };
        assert!(!reloads(&[VIDEO, COUNT], &page));
    }

    #[test]
    fn a_grant_reloads_only_for_what_the_policy_in_force_keeps_out() {
        assert!(!reloads(&[VIDEO, granted(COUNT)], &PAGE), "nothing on the page needs it");
        let marked = Page { marked: "count", ..PAGE };
        assert!(reloads(&[VIDEO, granted(COUNT)], &marked), "a marked tag's host is kept out");
        assert!(!reloads(&[granted(VIDEO), COUNT], &marked), "the mark is another purpose's");
        let through = Page { enforced: Some(("https://a.example,*.b.example:*", "")), ..marked };
        assert!(!reloads(&[VIDEO, granted(COUNT)], &through), "its hosts are let through already");
        assert!(
            !reloads(&[VIDEO, granted(COUNT)], &Page { enforced: None, ..marked }),
            "no policy is in force"
        );
        let page = Page { enforced: Some((CDN, "https://a.example")), ..PAGE };
        assert!(reloads(&[VIDEO, granted(COUNT)], &page), "something was blocked");
        let without = granted(Change { hosts: "", ..COUNT });
        assert!(!reloads(&[VIDEO, without], &page), "but not for want of this purpose's hosts");
    }

    #[test]
    fn taking_back_what_might_run_reloads_in_every_tab() {
        let back = Change { before: true, ..COUNT };
        assert!(reloads(&[VIDEO, back], &PAGE));
        assert!(reloads(&[VIDEO, back], &Page { own: false, enforced: None, ..PAGE }));
    }

    #[test]
    fn another_tabs_grant_and_an_answer_that_was_not_kept_do_not_reload() {
        let marked = Page { marked: "count", ..PAGE };
        assert!(!reloads(&[VIDEO, granted(COUNT)], &Page { own: false, ..marked }));
        assert!(!reloads(&[VIDEO, granted(COUNT)], &Page { kept: false, ..marked }));
        assert!(!reloads(&[Change { before: true, ..COUNT }], &Page { kept: false, ..marked }));
    }
}
