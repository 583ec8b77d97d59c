//! What a workbook says of its sheets, its texts and its number formats.

use std::collections::HashMap;
use std::io::{Read, Seek};

use crate::intake::problem::Unreadable;
use crate::intake::table::Look;
use crate::intake::xlsx::format::{built_in, look};
use crate::intake::xlsx::parts::{DAMAGED, Parts, Piece, attribute, broken, is_set, next, push_unescaped};

/// The most that all shared texts may be.
const STRINGS_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A sheet with cells.
#[derive(Debug)]
pub(super) struct Sheet {
    pub name: String,
    pub part: String,
    pub hidden: bool,
}

#[derive(Debug, Default)]
pub(super) struct Workbook {
    pub sheets: Vec<Sheet>,
    pub from_1904: bool,
    pub strings: Strings,
    /// For each style of a cell, its number format and how a number looks in it.
    pub formats: Vec<(String, Look)>,
}

/// The texts that cells share, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let begin = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(begin..end)
    }
}

/// What one part says of another: its kind and where it is.
struct Related {
    kind: String,
    target: String,
}

impl Workbook {
    pub(super) fn read<R: Read + Seek>(parts: &mut Parts<R>) -> Result<Workbook, Unreadable> {
        if !parts.has("_rels/.rels") {
            let what =
                if parts.has("content.xml") { "an OpenDocument file such as .ods" } else { "a ZIP archive" };
            return Err(Unreadable::NotXlsx { what });
        }
        let roots = related(parts, "", "_rels/.rels")?;
        let Some(main) = roots.into_values().find(|root| root.kind == "officeDocument") else {
            return Err(Unreadable::NotXlsx { what: "a ZIP archive" });
        };
        let main = main.target;
        if main.ends_with(".bin") {
            return Err(Unreadable::NotXlsx { what: "a binary workbook (.xlsb)" });
        }
        let (folder, name) = main.rsplit_once('/').unwrap_or(("", &main));
        let slash = if folder.is_empty() { "" } else { "/" };
        let relations = related(parts, folder, &format!("{folder}{slash}_rels/{name}.rels"))?;
        let mut workbook = Workbook::default();
        workbook.read_sheets(parts, &main, &relations)?;
        let part_of =
            |kind: &str| relations.values().find(|part| part.kind == kind).map(|part| part.target.clone());
        // A workbook that has neither text nor style leaves them out.
        if let Some(part) = part_of("sharedStrings").filter(|part| parts.has(part)) {
            workbook.strings = strings(parts, &part)?;
        }
        if let Some(part) = part_of("styles").filter(|part| parts.has(part)) {
            workbook.formats = formats(parts, &part)?;
        }
        Ok(workbook)
    }

    fn read_sheets<R: Read + Seek>(
        &mut self,
        parts: &mut Parts<R>,
        main: &str,
        relations: &HashMap<String, Related>,
    ) -> Result<(), Unreadable> {
        let mut xml = parts.xml(main)?;
        let mut buffer = Vec::new();
        while let Some(piece) = next(&mut xml, &mut buffer, main)? {
            let Piece::Begin(element) = piece else { continue };
            match element.local_name().into_inner() {
                "workbookPr" => self.from_1904 = is_set(&element, "date1904"),
                "sheet" => {
                    let related = attribute(&element, "id").and_then(|id| relations.get(&id));
                    // Charts and macros are sheets without cells.
                    let Some(related) = related.filter(|related| related.kind == "worksheet") else {
                        continue;
                    };
                    self.sheets.push(Sheet {
                        name: attribute(&element, "name").unwrap_or_default(),
                        part: related.target.clone(),
                        hidden: attribute(&element, "state").is_some_and(|state| state != "visible"),
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What a part is related to, by the ids that it uses.
fn related<R: Read + Seek>(
    parts: &mut Parts<R>,
    folder: &str,
    part: &str,
) -> Result<HashMap<String, Related>, Unreadable> {
    let mut xml = parts.xml(part)?;
    let (mut buffer, mut all) = (Vec::new(), HashMap::new());
    while let Some(piece) = next(&mut xml, &mut buffer, part)? {
        let Piece::Begin(element) = piece else { continue };
        if element.local_name().into_inner() != "Relationship" {
            continue;
        }
        let of = |name| attribute(&element, name).unwrap_or_default();
        let kind = of("Type").rsplit('/').next().unwrap_or_default().to_owned();
        all.insert(of("Id"), Related { kind, target: absolute(folder, &of("Target")) });
    }
    Ok(all)
}

/// The name of a part that another one in a folder names: `/xl/a.xml`, `a.xml` and `../xl/a.xml` are one.
fn absolute(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut names: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for name in target.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    names.retain(|name| !name.is_empty());
    names.join("/")
}

fn strings<R: Read + Seek>(parts: &mut Parts<R>, part: &str) -> Result<Strings, Unreadable> {
    let mut xml = parts.xml(part)?;
    let (mut buffer, mut strings) = (Vec::new(), Strings::default());
    let (mut own, mut in_text, mut in_reading, mut whole) = (String::new(), false, false, false);
    while let Some(piece) = next(&mut xml, &mut buffer, part)? {
        match &piece {
            Piece::Begin(element) => match element.local_name().into_inner() {
                "si" => own.clear(),
                "t" => in_text = !in_reading,
                // How a text is read aloud, which is not the text.
                "rPh" => in_reading = true,
                _ => {}
            },
            Piece::End(element) => match element.local_name().into_inner() {
                "si" => {
                    push_unescaped(&mut strings.text, &own);
                    if strings.text.len() > STRINGS_BYTES_MAX {
                        return Err(broken(part, "its texts are longer than 256 MB"));
                    }
                    strings.ends.push(strings.text.len());
                }
                "t" => in_text = false,
                "rPh" => in_reading = false,
                "sst" => whole = true,
                _ => {}
            },
            Piece::Text(text) if in_text => own.push_str(text),
            Piece::Text(_) => {}
        }
    }
    if whole { Ok(strings) } else { Err(broken(part, DAMAGED)) }
}

fn formats<R: Read + Seek>(parts: &mut Parts<R>, part: &str) -> Result<Vec<(String, Look)>, Unreadable> {
    let mut xml = parts.xml(part)?;
    let (mut buffer, mut codes, mut formats) = (Vec::new(), HashMap::new(), Vec::new());
    let mut in_cells = false;
    while let Some(piece) = next(&mut xml, &mut buffer, part)? {
        match &piece {
            Piece::Begin(element) => match element.local_name().into_inner() {
                "numFmt" => {
                    codes.insert(
                        attribute(element, "numFmtId"),
                        attribute(element, "formatCode").unwrap_or_default(),
                    );
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    let id = attribute(element, "numFmtId");
                    let code = codes.get(&id).cloned().unwrap_or_else(|| {
                        let id = id.as_deref().map_or(Some(0), |id| id.parse().ok());
                        id.map_or("?", built_in).to_owned()
                    });
                    let look = look(&code);
                    formats.push((code, look));
                }
                _ => {}
            },
            Piece::End(element) if element.local_name().into_inner() == "cellXfs" => in_cells = false,
            Piece::End(_) | Piece::Text(_) => {}
        }
    }
    Ok(formats)
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn parts_are_named_absolutely_or_beside_one_another() {
        for target in
            ["worksheets/a.xml", "/xl/worksheets/a.xml", "./worksheets/a.xml", "../xl/worksheets\\a.xml"]
        {
            assert_eq!(absolute("xl", target), "xl/worksheets/a.xml", "{target}");
        }
        assert_eq!(absolute("", "xl/workbook.xml"), "xl/workbook.xml");
    }
}
