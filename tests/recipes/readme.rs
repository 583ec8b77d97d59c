//! The blocks of the README.

use std::fs;
use std::path::Path;

/// What stands between two fences.
#[derive(Debug)]
pub struct Block {
    /// The word behind the fence, such as `sh`.
    pub language: String,
    pub text: String,
    /// The last file named in backquotes before it.
    pub file: Option<String>,
}

/// All blocks in their order. A fence may be indented, as in a list.
pub fn blocks() -> Vec<Block> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<(usize, Block)> = None;
    let mut file = None;
    for line in page.lines() {
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => {
                let block = Block { language: language.to_owned(), text: String::new(), file: file.take() };
                open = Some((indent, block));
            }
            (None, None) => {
                let words = line.split('`').skip(1).step_by(2).filter(|word| word.starts_with('/'));
                file = words.last().map(str::to_owned).or(file.take());
            }
            (Some((indent, block)), None) => {
                block.text.push_str(line.get(*indent..).unwrap_or_default());
                block.text.push('\n');
            }
            (Some(_), Some(_)) => blocks.extend(open.take().map(|(_, block)| block)),
        }
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

/// The blocks of one language.
pub fn of(language: &str) -> Vec<Block> {
    let found: Vec<Block> = blocks().into_iter().filter(|block| block.language == language).collect();
    assert!(!found.is_empty(), "the README has no {language}");
    found
}

/// The one block of this language that holds this.
#[track_caller]
pub fn with(language: &str, part: &str) -> Block {
    let mut found = of(language).into_iter().filter(|block| block.text.contains(part));
    let block = found.next().unwrap_or_else(|| panic!("no {language} block of the README has `{part}`"));
    assert!(found.next().is_none(), "two {language} blocks of the README have `{part}`");
    block
}
