//! Writes canonical JSON (RFC 8785): strings, whole numbers, booleans and null, nothing else.
//!
//! Keys must be written in sorted order; every type that is committed has a test that compares its bytes
//! with an independent canonicalizer. Kept by hand because it also runs in the browser, where a
//! serializer would cost more bytes than the engine.

/// Greatest whole number that every JSON reader keeps exactly (2^53 - 1).
pub const MAX_SAFE_INT: i64 = 9_007_199_254_740_991;

/// Appends canonical JSON to a string.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
    /// A comma is due before the next key or element.
    comma: bool,
}

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Self { text: String::with_capacity(512), comma: false }
    }

    /// The text written so far.
    pub fn finish(self) -> String {
        self.text
    }

    fn separate(&mut self) {
        if self.comma {
            self.text.push(',');
        }
        self.comma = false;
    }

    fn open(&mut self, bracket: char) {
        self.separate();
        self.text.push(bracket);
    }

    fn close(&mut self, bracket: char) {
        self.text.push(bracket);
        self.comma = true;
    }

    /// An object; `fields` writes its members, keys sorted.
    pub fn object(&mut self, fields: impl FnOnce(&mut Self)) {
        self.open('{');
        fields(self);
        self.close('}');
    }

    /// An array; `elements` writes its elements.
    pub fn array(&mut self, elements: impl FnOnce(&mut Self)) {
        self.open('[');
        elements(self);
        self.close(']');
    }

    /// A member's key; its value must follow.
    pub fn key(&mut self, key: &str) -> &mut Self {
        self.string(key);
        self.text.push(':');
        self.comma = false;
        self
    }

    /// A string.
    pub fn string(&mut self, value: &str) {
        self.separate();
        self.text.push('"');
        // Nearly every text is free of what must be escaped, so it is copied in runs.
        let mut copied = 0;
        for (at, byte) in value.bytes().enumerate() {
            let escaped = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                0x8 => "\\b",
                b'\t' => "\\t",
                b'\n' => "\\n",
                0xc => "\\f",
                b'\r' => "\\r",
                0..b' ' => "\\u00",
                _ => continue,
            };
            self.text.push_str(&value[copied..at]);
            self.text.push_str(escaped);
            if escaped == "\\u00" {
                self.text.push_str(&crate::id::hex(&[byte]));
            }
            copied = at + 1;
        }
        self.text.push_str(&value[copied..]);
        self.text.push('"');
        self.comma = true;
    }

    /// A whole number between -(2^53 - 1) and 2^53 - 1; others are clamped, since readers would round them.
    pub fn int(&mut self, value: i64) {
        self.separate();
        let value = value.clamp(-MAX_SAFE_INT, MAX_SAFE_INT);
        if value < 0 {
            self.text.push('-');
        }
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        let mut rest = value.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        for digit in &digits[at..] {
            self.text.push(*digit as char);
        }
        self.comma = true;
    }

    /// True or false.
    pub fn bool(&mut self, value: bool) {
        self.separate();
        self.text.push_str(if value { "true" } else { "false" });
        self.comma = true;
    }

    /// Null.
    pub fn null(&mut self) {
        self.separate();
        self.text.push_str("null");
        self.comma = true;
    }

    /// A string or null.
    pub fn string_or_null(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.string(value),
            None => self.null(),
        }
    }
}
