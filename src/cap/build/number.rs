//! Plain decimal numbers, and the pairs of them that make points. Half of a large alert is numbers, so this is the place
//! where reading takes its time.

use crate::cap::alert::Point;
use crate::cap::tree::{is_space, is_space_byte};

/// Powers of ten that a double holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];
/// Every whole number up to this is a double.
const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;
/// Bytes of a pair and the space after it, about.
const PAIR_BYTES: usize = 16;
/// Digits that always fit into 64 bits.
const DIGITS_MAX: usize = 19;

/// A plain decimal number: sign, digits, one point. No exponent, no infinity.
pub(super) fn decimal(text: &str) -> Option<f64> {
    leading(text.as_bytes()).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number)
}

/// The points of a polygon that is written as the standard has it. None when anything is otherwise, or there are too many.
pub(super) fn points(text: &str, points_max: usize) -> Option<Vec<Point>> {
    let expected = text.len() / PAIR_BYTES;
    let mut points = Vec::with_capacity(expected.min(points_max));
    let mut rest = text.trim_start_matches(is_space).as_bytes();
    while !rest.is_empty() {
        let (point, after) = leading_pair(rest)?;
        let spaces = after.iter().take_while(|&&byte| is_space_byte(byte)).count();
        if points.len() == points_max || (spaces == 0 && !after.is_empty()) {
            return None;
        }
        points.push(point);
        rest = &after[spaces..];
    }
    Some(points)
}

/// `lat,lon` and nothing else.
pub(super) fn pair(token: &str) -> Option<Point> {
    leading_pair(token.as_bytes()).filter(|(_, rest)| rest.is_empty()).map(|(point, _)| point)
}

fn leading_pair(bytes: &[u8]) -> Option<(Point, &[u8])> {
    let (lat, rest) = leading(bytes)?;
    let (lon, rest) = leading(rest.strip_prefix(b",")?)?;
    // `-0.0` and `0.0` are one place; adding zero makes them one number.
    Some((Point { lat: lat + 0.0, lon: lon + 0.0 }, rest))
}

/// The number that a text begins with, and what follows it.
fn leading(bytes: &[u8]) -> Option<(f64, &[u8])> {
    let (negative, unsigned) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    let (before, after_digits, mut whole) = leading_digits(unsigned, 0);
    let (mut decimals, mut rest) = (0, after_digits);
    if let Some(fraction) = after_digits.strip_prefix(b".") {
        (decimals, rest, whole) = leading_digits(fraction, whole);
    }
    let digits = before + decimals;
    if digits == 0 {
        return None;
    }
    let magnitude = match EXACT_POWERS.get(decimals) {
        // Two exact doubles, divided once: the nearest double there is (Clinger 1990).
        Some(power) if digits <= DIGITS_MAX && whole <= EXACT_MAX => whole as f64 / power,
        Some(_) | None => {
            let number = std::str::from_utf8(&unsigned[..unsigned.len() - rest.len()]).ok()?;
            number.parse().ok().filter(|number: &f64| number.is_finite())?
        }
    };
    Some((if negative { -magnitude } else { magnitude }, rest))
}

/// How many digits a text begins with, what follows them, and the whole number they make behind one that came before.
/// With more than [`DIGITS_MAX`] it is none.
fn leading_digits(bytes: &[u8], before: u64) -> (usize, &[u8], u64) {
    let (mut count, mut whole) = (0, before);
    while let Some(digit) = bytes.get(count).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
        whole = whole.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    (count, &bytes[count..], whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_have_digits_one_sign_and_one_point() {
        assert_eq!(decimal("-12.50"), Some(-12.5));
        assert_eq!(decimal("+7"), Some(7.0));
        assert_eq!(decimal(".5"), Some(0.5));
        assert_eq!(decimal("5."), Some(5.0));
        for text in ["", "-", ".", "1.2.3", "1e5", "inf", "NaN", "1,5", "--1", "12°", " 1"] {
            assert_eq!(decimal(text), None, "{text}");
        }
        assert_eq!(decimal(&"9".repeat(400)), None);
        assert_eq!(decimal(&format!("0.{}1", "0".repeat(400))), Some(0.0));
    }

    #[test]
    fn points_are_read_only_from_what_the_standard_allows() {
        let read = |text| points(text, 2);
        assert_eq!(read(" 1,2\t\n-3.5,4 "), Some(vec![Point { lat: 1.0, lon: 2.0 }, Point { lat: -3.5, lon: 4.0 }]));
        assert_eq!(read(""), Some(vec![]));
        for text in ["1,2 3", "1, 2", "1 ,2", "1,2,3", "1,2;3,4", "1,2 3,4 5,6", "1,é", "1,2\u{a0}3,4", "1,2\u{c}3,4"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_decimal_is_the_nearest_double(text in "[-+]?[0-9]{0,22}(\\.[0-9]{0,26})?") {
            let expected = text.parse::<f64>().ok().filter(|_| text.contains(|digit: char| digit.is_ascii_digit()));
            prop_assert_eq!(decimal(&text).map(f64::to_bits), expected.map(f64::to_bits));
        }
    }
}
