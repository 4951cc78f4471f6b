//! Alias tables: a header, then a line for each code and what it stands for.

use crate::cli::matching::csv;
use crate::geo::code::AreaCode;
use crate::geo::scheme;

/// What the columns are called, as the header may order them.
const COLUMNS: [&str; 4] = ["scheme", "code", "target_scheme", "target_code"];

/// Where the columns stand.
#[derive(Debug)]
pub struct Header {
    delimiter: u8,
    columns: [Option<usize>; 4],
    /// How many cells each row has.
    count: usize,
    scheme: Option<String>,
}

impl Header {
    /// Reads the first line; `scheme` is that of rows that name none.
    ///
    /// # Errors
    /// What it lacks.
    pub fn read(line: &str, scheme: Option<&str>) -> Result<Self, String> {
        let delimiter =
            [b'\t', b';', b','].into_iter().find(|delimiter| line.as_bytes().contains(delimiter)).unwrap_or(b'\t');
        let names: Vec<String> = csv::cells(line, delimiter)?.into_iter().map(|name| name.to_lowercase()).collect();
        let columns = COLUMNS.map(|column| names.iter().position(|name| name == column));
        let header = Self { delimiter, columns, count: names.len(), scheme: scheme.map(str::to_owned) };
        match header.columns {
            [None, ..] if scheme.is_none() => Err("no column `scheme` and no --scheme NAME".to_owned()),
            [_, Some(_), Some(_), Some(_)] => Ok(header),
            _ => Err(format!("the first line must name the columns {}", COLUMNS.join(", "))),
        }
    }

    /// The code of a row and what it stands for; `None` for an empty row.
    ///
    /// # Errors
    /// What the row lacks.
    pub fn row(&self, line: &str) -> Result<Option<(AreaCode, AreaCode)>, String> {
        if line.trim().is_empty() {
            return Ok(None);
        }
        let cells = csv::cells(line, self.delimiter)?;
        if cells.len() != self.count {
            let (have, want) = (cells.len(), self.count);
            return Err(format!(
                "it has {have} cells and the header {want}: put quotation marks around what has a separator, and leave a missing cell empty"
            ));
        }
        let cell = |nth: usize| {
            self.columns[nth].and_then(|at| cells.get(at)).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
        };
        let scheme = cell(0).or(self.scheme.as_deref()).ok_or("it names no scheme: say which with --scheme NAME")?;
        let written = |nth: usize| cell(nth).ok_or_else(|| format!("its {} is empty", COLUMNS[nth]));
        let code = |scheme: &str, code: &str| {
            scheme::canonical(scheme, code).ok_or_else(|| format!("{scheme} {code} is no code of a scheme"))
        };
        Ok(Some((code(scheme, written(1)?)?, code(written(2)?, written(3)?)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(header: &str, scheme: Option<&str>, line: &str) -> Result<Option<String>, String> {
        let row = Header::read(header, scheme)?.row(line)?;
        Ok(row.map(|(alias, target)| format!("{alias} = {target}")))
    }

    #[test]
    fn rows_are_read_whatever_parts_their_cells() {
        let want = Ok(Some("NUTS XX1 = TOWN A-1".to_owned()));
        assert_eq!(row("scheme\tcode\ttarget_scheme\ttarget_code", None, "NUTS2\tXX1\ttown\ta-1\r"), want);
        assert_eq!(row("\"Code\",target_code,target_scheme", Some("NUTS2"), "\"XX1\",a-1,\"town\""), want);
        assert_eq!(row("scheme;code;target_scheme;target_code", Some("NUTS2"), ";XX1;town;a-1"), want);
        assert_eq!(row("scheme\tcode\ttarget_scheme\ttarget_code", None, "  "), Ok(None));
        let header = "scheme,code,name,target_scheme,target_code";
        let lille = Ok(Some("X 1 = INSEE 59350".to_owned()));
        assert_eq!(row(header, None, "X,1,\"Lille, ville\",INSEE,59350"), lille);
    }

    #[test]
    fn what_is_lacking_is_told() {
        for (header, line, fault) in [
            ("code,target_code", "", "--scheme"),
            ("scheme,code", "", "columns"),
            ("scheme,code,target_scheme,target_code", ",1,X,2", "--scheme"),
            ("scheme,code,target_scheme,target_code", "X,1,X,", "target_code is empty"),
            ("scheme,code,target_scheme,target_code", "X,1,X", "3 cells and the header 4"),
            ("scheme,code,name,target_scheme,target_code", "X,1,Lille, ville,INSEE,59350", "6 cells and the header 5"),
            ("scheme,code,target_scheme,target_code", "X,\"1\"2,X,3", "behind the closing quotation mark"),
        ] {
            assert!(row(header, None, line).expect_err(header).contains(fault), "{header} {line}");
        }
    }
}
