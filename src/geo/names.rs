//! Finding a named area by typing: the beginning of any word of its name, or its code, with case and accents forgiven.

use super::gazetteer::NamedArea;
use std::cmp::Reverse;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most characters of what is typed that are looked at.
const TYPED_CHARS_MAX: usize = 100;

/// The words of all areas, sorted.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Name and code of each area, folded, its words parted by single spaces.
    folded: Vec<(Box<str>, Box<str>)>,
    /// Every word and whose it is.
    words: Vec<(Box<str>, u32)>,
}

/// How well an area fits what is typed, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is the name or the code.
    Whole,
    /// The name begins with it.
    Beginning,
    /// Some word begins with it.
    Word,
}

impl Names {
    /// The index of areas, which keep their order.
    pub(super) fn of(areas: &[NamedArea]) -> Self {
        let folded: Vec<(Box<str>, Box<str>)> =
            areas.iter().map(|area| (fold(&area.name).into(), fold(&area.code.code).into())).collect();
        let words = |(name, code): &(Box<str>, Box<str>)| -> Vec<Box<str>> {
            let mut words: Vec<Box<str>> =
                name.split(' ').chain(code.split(' ')).chain([&**code]).map(Box::from).collect();
            words.sort_unstable();
            words.dedup();
            words.retain(|word| !word.is_empty());
            words
        };
        let mut words: Vec<(Box<str>, u32)> =
            (0..).zip(&folded).flat_map(|(nth, texts)| words(texts).into_iter().map(move |word| (word, nth))).collect();
        words.sort_unstable();
        Self { folded, words }
    }

    /// The areas that fit best: their places in the list that the index was made of. Every word that is typed must
    /// begin a word of the area.
    pub(super) fn search(&self, areas: &[NamedArea], typed: &str, limit: usize) -> Vec<u32> {
        let typed = fold(&typed.chars().take(TYPED_CHARS_MAX).collect::<String>());
        // The longest word is the rarest.
        let Some(rarest) = typed.split(' ').filter(|word| !word.is_empty()).max_by_key(|word| word.len()) else {
            return Vec::new();
        };
        let from = self.words.partition_point(|(word, _)| **word < *rarest);
        let begin = self.words[from..].iter().take_while(|(word, _)| word.starts_with(rarest));
        let mut found: Vec<u32> = begin.map(|(_, area)| *area).collect();
        found.sort_unstable();
        found.dedup();
        let rank = |nth: u32| {
            let area = &areas[nth as usize];
            Some((self.fit(nth, &typed)?, Reverse(area.population), &*area.name, &area.code, nth))
        };
        let mut ranked: Vec<_> = found.into_iter().filter_map(rank).collect();
        if limit == 0 {
            return Vec::new();
        }
        // One or two letters fit many: only those that are answered are put in order.
        if ranked.len() > limit {
            ranked.select_nth_unstable(limit - 1);
            ranked.truncate(limit);
        }
        ranked.sort_unstable();
        ranked.into_iter().map(|(.., nth)| nth).collect()
    }

    fn fit(&self, area: u32, typed: &str) -> Option<Fit> {
        let (name, code) = &self.folded[area as usize];
        let begins =
            |wanted: &str| name.split(' ').chain(code.split(' ')).chain([&**code]).any(|word| word.starts_with(wanted));
        if **name == *typed || **code == *typed {
            Some(Fit::Whole)
        } else if name.starts_with(typed) {
            Some(Fit::Beginning)
        } else {
            // One word alone is how it was found.
            (!typed.contains(' ') || typed.split(' ').all(begins)).then_some(Fit::Word)
        }
    }
}

/// Small letters and digits without accents; what is neither parts words, which single spaces then do.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match plain(letter) {
            Some(plain) => folded.push_str(plain),
            None if letter.is_alphanumeric() => folded.push(letter),
            None if folded.is_empty() || folded.ends_with(' ') => {}
            None => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Letters that Unicode does not take apart, though people type them so.
const fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::code::AreaCode;

    fn area(code: &str, name: &str, population: Option<u64>) -> NamedArea {
        NamedArea { code: AreaCode::new("TOWN", code), name: name.to_owned(), population, region: None }
    }

    #[test]
    fn the_better_fit_comes_first_and_the_larger_of_equals() {
        let areas = [
            area("1", "Val-Sainte-Marie", Some(900_000)),
            area("2", "Sainte-Marie-des-Prés", Some(10)),
            area("3", "Sainte-Marie", Some(5)),
            area("4", "SAINTE-MARIE-aux-Bois", Some(20)),
            area("5", "Marienbourg", None),
        ];
        let names = Names::of(&areas);
        assert_eq!(names.search(&areas, "sainte marie", 9), [2, 3, 1, 0]);
        assert_eq!(names.search(&areas, "Mari", 9), [4, 0, 3, 1, 2]);
        assert_eq!(names.search(&areas, "marie pres", 9), [1]);
        let all = names.search(&areas, "m", 9);
        for limit in 0..=9 {
            let least = all.len().min(limit);
            assert_eq!(names.search(&areas, "m", limit), all[..least], "the best, no more than asked for");
        }
        assert_eq!(names.search(&areas, "marie", 2), [4, 0], "no more than asked for");
        assert_eq!(names.search(&areas, "arie", 9), [0_u32; 0], "the beginning of a word, not its middle");
        assert_eq!(names.search(&areas, " - ", 9), [0_u32; 0]);
    }

    #[test]
    fn case_and_accents_are_forgiven_in_any_script() {
        let areas = [
            area("A1", "Çamlıdere", None),
            area("A2", "Großœuvre-l'Évêque", None),
            area("A3", "Ærøskøbing", None),
            area("A4", "Łódź", None),
            area("A5", "Ψαρά", None),
            area("A6", "東京都", None),
        ];
        let names = Names::of(&areas);
        for (typed, want) in
            [("camlidere", 0), ("GROSSOEUVRE", 1), ("eveque", 1), ("ærøs", 2), ("aeroskobing", 2), ("lodz", 3)]
                .into_iter()
                .chain([("ΨΑΡΑ", 4), ("東京", 5), ("a4", 3)])
        {
            assert_eq!(names.search(&areas, typed, 9), [want], "{typed}");
        }
    }

    #[test]
    fn a_code_is_found_too() {
        let areas = [area("AB-12", "Somewhere", None), area("AB-13", "Elsewhere", None)];
        let names = Names::of(&areas);
        assert_eq!(names.search(&areas, "ab-13", 9), [1]);
        assert_eq!(names.search(&areas, "AB", 9).len(), 2);
    }
}
