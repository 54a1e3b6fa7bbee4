//! What every request passes on its way in and out, outermost first: [`observe`], [`cors`], [`limit`].

mod cors;
mod limit;
mod observe;

pub use self::cors::cors;
pub use self::limit::limit;
pub use self::observe::{RequestIds, observe};

#[cfg(test)]
mod tests;
