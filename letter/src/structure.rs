//! What each piece of a page is, in reading order: the tree of tags (ISO 32000-1, 14.8).

use crate::Language;
use krilla::tagging::{Identifier, ListNumbering, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};
use std::num::NonZeroU16;

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Title,
    Section,
    Heading,
    Paragraph,
    Quote,
    List,
    Item,
    Label,
    Body,
    Table,
    TableHead,
    TableBody,
    Row,
    ColumnName,
    Cell,
    Code,
    Span,
}

/// An element of the tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element(usize);

/// A piece of a page, known before it is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf(usize);

struct Node {
    role: Role,
    /// If it is another than the parent's.
    language: Option<Language>,
    /// What a heading says.
    words: Option<String>,
    children: Vec<Child>,
}

enum Child {
    Element(Element),
    Leaf(Leaf),
}

/// The tree while pages are laid out.
#[derive(Default)]
pub(crate) struct Structure {
    nodes: Vec<Node>,
    top: Vec<Element>,
    leaves: usize,
}

impl Structure {
    /// Adds an element below `parent`, or at the top.
    pub(crate) fn element(
        &mut self,
        parent: Option<Element>,
        role: Role,
        language: Option<Language>,
    ) -> Element {
        let element = Element(self.nodes.len());
        self.nodes.push(Node { role, language, words: None, children: Vec::new() });
        match parent {
            Some(parent) => self.nodes[parent.0].children.push(Child::Element(element)),
            None => self.top.push(element),
        }
        element
    }

    /// Adds a heading, with what it says.
    pub(crate) fn heading(&mut self, parent: Option<Element>, role: Role, words: &str) -> Element {
        let element = self.element(parent, role, None);
        self.nodes[element.0].words = Some(words.to_owned());
        element
    }

    /// Adds a piece below an element.
    pub(crate) fn leaf(&mut self, parent: Element) -> Leaf {
        let leaf = Leaf(self.leaves);
        self.leaves += 1;
        self.nodes[parent.0].children.push(Child::Leaf(leaf));
        leaf
    }

    /// The tree, given what became of each piece.
    pub(crate) fn tree(&self, drawn: &Drawn) -> TagTree {
        let mut tree = TagTree::new();
        for element in &self.top {
            tree.push(self.group(*element, drawn));
        }
        tree
    }

    fn group(&self, element: Element, drawn: &Drawn) -> TagGroup {
        let node = &self.nodes[element.0];
        let mut group = TagGroup::new(kind(node));
        for child in &node.children {
            match child {
                Child::Element(element) => group.push(self.group(*element, drawn)),
                Child::Leaf(leaf) => {
                    for identifier in &drawn.0[leaf.0] {
                        group.push(*identifier);
                    }
                }
            }
        }
        group
    }

    /// Room for what becomes of each piece.
    pub(crate) fn undrawn(&self) -> Drawn {
        Drawn(vec![Vec::new(); self.leaves])
    }
}

/// What became of each piece.
pub(crate) struct Drawn(Vec<Vec<Identifier>>);

impl Drawn {
    /// One piece may be several on the page.
    pub(crate) fn add(&mut self, leaf: Leaf, identifier: Identifier) {
        self.0[leaf.0].push(identifier);
    }
}

fn kind(node: &Node) -> TagKind {
    let heading = |level: u16| {
        let level = NonZeroU16::new(level).expect("levels of headings begin with 1");
        Tag::Hn(level, node.words.clone()).into()
    };
    let mut kind: TagKind = match node.role {
        Role::Title => heading(1),
        Role::Heading => heading(2),
        Role::Section => Tag::Section.into(),
        Role::Paragraph => Tag::P.into(),
        Role::Quote => Tag::BlockQuote.into(),
        Role::List => Tag::L(ListNumbering::None).into(),
        Role::Item => Tag::LI.into(),
        Role::Label => Tag::Lbl.into(),
        Role::Body => Tag::LBody.into(),
        Role::Table => Tag::Table.into(),
        Role::TableHead => Tag::THead.into(),
        Role::TableBody => Tag::TBody.into(),
        Role::Row => Tag::TR.into(),
        Role::ColumnName => Tag::TH(TableHeaderScope::Column).into(),
        Role::Cell => Tag::TD.into(),
        Role::Code => Tag::Code.into(),
        Role::Span => Tag::Span.into(),
    };
    kind.set_lang(node.language.as_ref().map(|language| language.tag().to_owned()));
    kind
}
