//! Splits texts at an ASCII character.
//!
//! `str::split` searches for any character of Unicode; in the browser that search alone weighs more than what it
//! finds the fields for.

/// The fields of a text, one after the other; an empty text has one, which is empty.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: Option<&'a str>,
    mark: u8,
}

impl<'a> Fields<'a> {
    /// Splits `text` at every `mark`, which must be ASCII.
    pub fn new(text: &'a str, mark: u8) -> Self {
        Self { rest: Some(text), mark }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    // One copy for all callers.
    #[inline(never)]
    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let end = text.bytes().position(|byte| byte == self.mark);
        // Beside an ASCII character a text may always be cut.
        self.rest = end.and_then(|end| text.get(end + 1..));
        text.get(..end.unwrap_or(text.len()))
    }
}

/// What stands before and after the first `mark`, which must be ASCII; nothing if there is none.
pub fn cut(text: &str, mark: u8) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| byte == mark)?;
    text.get(..end).zip(text.get(end + 1..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_are_those_of_the_standard_library(text in "[ab~é€]{0,12}") {
            let fields: Vec<&str> = Fields::new(&text, b'~').collect();
            prop_assert_eq!(fields, text.split('~').collect::<Vec<_>>());
            prop_assert_eq!(cut(&text, b'~'), text.split_once('~'));
        }
    }
}
