//! Tiles (C2SP tlog-tiles v0.1.0): a log's nodes, 256 to a piece, under paths that never change their bytes.

use crate::merkle::NodeId;

/// Levels of the tree in one level of tiles.
pub const HEIGHT: u8 = 8;
/// Nodes in a full tile.
pub const WIDTH: u64 = 1 << HEIGHT;
/// Highest level of tiles: 8 · 7 + 8 = 64 levels of the tree.
pub const MAX_LEVEL: u8 = 7;

/// A tile: `width` nodes of level `8 · level`, from `256 · index` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Level of tiles; 0 holds the leaves' hashes.
    pub level: u8,
    /// Counts from the left.
    pub index: u64,
    /// Nodes in it: 256, or fewer in the last of its level.
    pub width: u16,
}

impl Tile {
    /// How many nodes a level of tiles has in a tree of that size.
    pub fn nodes(level: u8, size: u64) -> u64 {
        size.checked_shr(u32::from(level) * u32::from(HEIGHT)).unwrap_or(0)
    }

    /// The tile at that place in a tree of that size; `None` if the tree does not reach there.
    pub fn at(level: u8, index: u64, size: u64) -> Option<Self> {
        let left =
            Self::nodes(level, size).checked_sub(index.checked_mul(WIDTH)?).filter(|left| *left > 0)?;
        Some(Self { level, index, width: left.min(WIDTH) as u16 })
    }

    /// Whether it can grow no more.
    pub fn is_full(self) -> bool {
        u64::from(self.width) == WIDTH
    }

    /// Every tile of a tree of that size, level by level.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        (0..=MAX_LEVEL).flat_map(move |level| {
            (0..Self::nodes(level, size).div_ceil(WIDTH))
                .filter_map(move |index| Self::at(level, index, size))
        })
    }

    /// The tile that a node is in, or over, in a tree of that size; `None` if the tree does not reach there.
    pub fn over(node: NodeId, size: u64) -> Option<Self> {
        Self::at(node.level / HEIGHT, node.index >> (HEIGHT - node.level % HEIGHT), size)
    }

    /// `tile/<level>/<index>[.p/<width>]`.
    pub fn path(self) -> String {
        let partial = if self.is_full() { String::new() } else { format!(".p/{}", self.width) };
        format!("tile/{}/{}{partial}", self.level, index_path(self.index))
    }

    /// `tile/entries/<index>[.p/<width>]`: the entries under a tile of level 0.
    pub fn entries_path(self) -> String {
        self.path().replacen("tile/0/", "tile/entries/", 1)
    }

    /// Reads `<level>/<index>[.p/<width>]`, with `entries` for the level of those; says whether it was.
    pub fn parse(path: &str) -> Option<(Self, bool)> {
        let (level, rest) = path.split_once('/')?;
        let entries = level == "entries";
        let level = if entries { 0 } else { crate::checkpoint::parse_size(level)? };
        let level = u8::try_from(level).ok().filter(|level| *level <= MAX_LEVEL)?;
        let (index, width) = match rest.split_once(".p/") {
            None => (rest, WIDTH),
            Some((index, width)) => {
                let width = crate::checkpoint::parse_size(width)?;
                (index, Some(width).filter(|width| (1..WIDTH).contains(width))?)
            }
        };
        let index = parse_index(index)?;
        Some((Self { level, index, width: u16::try_from(width).ok()? }, entries))
    }
}

/// Three digits to a part, all but the last with an `x` before them.
fn index_path(index: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    path
}

fn parse_index(path: &str) -> Option<u64> {
    let mut index: u64 = 0;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let digits = if parts.peek().is_some() { part.strip_prefix('x')? } else { part };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    // One spelling only: no leading `x000`.
    (index_path(index) == path).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_tiles_of_70_000_leaves_are_those_of_the_specification() {
        let tiles: Vec<Tile> = Tile::all(70_000).collect();
        let full = |level| tiles.iter().filter(|tile| tile.level == level && tile.is_full()).count();
        assert_eq!((full(0), full(1), full(2)), (273, 1, 0));
        let partial: Vec<String> =
            tiles.iter().filter(|tile| !tile.is_full()).map(|tile| tile.path()).collect();
        assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        assert_eq!(tiles.len(), 273 + 1 + 3);
    }

    #[test]
    fn paths_have_three_digits_to_a_part() {
        let tile = Tile { level: 0, index: 1_234_067, width: 256 };
        assert_eq!(tile.path(), "tile/0/x001/x234/067");
        assert_eq!(tile.entries_path(), "tile/entries/x001/x234/067");
    }

    #[test]
    fn other_spellings_are_no_path() {
        for wrong in [
            "",
            "0",
            "0/",
            "0/1",
            "0/0001",
            "0/x000/001",
            "0/001.p/0",
            "0/001.p/256",
            "0/001.p/01",
            "8/000",
            "00/000",
            "0/x001",
            "0/001/002",
            "0/-01",
            "entries",
            "0/x001/x234/x067",
            "0/001.p/1/",
            "0/é01",
        ] {
            assert_eq!(Tile::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(level in 0..=MAX_LEVEL, index in 0..u64::MAX / 2, width in 1..=256u16) {
            let tile = Tile { level, index, width };
            let path = tile.path();
            prop_assert_eq!(Tile::parse(path.strip_prefix("tile/").unwrap_or_default()), Some((tile, false)));
        }
    }
}
