//! The line of a progress bar: what is told, and in which columns. Pure.
//!
//! ```text
//! clip.mp4 ██████████░░░░░░  45%  5/12 parts 331.20/729.70 KiB    4.20 MiB/s  12 s left
//! clip.mp4 ███████████████░  99% 11/12 parts, part 5: HTTP 500, try 3 of 8, again in 4 s
//! clip.mp4 ████████████████ 100% 12/12 parts 729.70/729.70 KiB 3.89 MiB/s in 0.2 s
//! ```
//!
//! Every field has a width that does not depend on what stands in it, so that the bar does not move. Where there is no
//! room for a field it is never shown, the least wanted first.

use std::time::Duration;

use console::measure_text_width;
use indicatif::BinaryBytes;

use super::duration::rounded;
use crate::terminal::shorten;

/// The bar itself is never narrower than this while a field could make room for it.
const NARROWEST_BAR: usize = 8;
/// A name gets a quarter of the line, within these bounds.
const SHORTEST_NAME: usize = 10;
/// See [`SHORTEST_NAME`].
const LONGEST_NAME: usize = 28;
/// ` 100%`
const PERCENT: usize = 5;
/// ` 12/12 parts`: a plan of fewer parts, or one that is not known yet, leaves the same room.
const COUNT: usize = 12;
/// ` 999.99 MiB/s`
const RATE: usize = 13;
/// ` 119 min left`
const LEFT: usize = 13;

/// What a progress bar tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Line {
    /// The file's name, or what else the bar is of: fit to be shown.
    pub(crate) name: String,
    /// Bytes that are done, of `total`.
    pub(crate) position: u64,
    pub(crate) total: u64,
    /// The most that `total` has been, which says how wide the bytes are.
    pub(crate) largest: u64,
    /// The parts or files.
    pub(crate) count: Option<Count>,
    /// Bytes a second, if known.
    pub(crate) rate: Option<u64>,
    /// How long the rest takes, if known.
    pub(crate) left: Option<Duration>,
    /// What is waited for, in several wordings, the longest first: the first that fits stands in place of bytes, rate and
    /// time.
    pub(crate) waits: Vec<String>,
    /// How long it took: it is over.
    pub(crate) took: Option<Duration>,
}

/// How many parts or files are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) done: u64,
    pub(crate) total: u64,
    pub(crate) of: &'static str,
}

impl Line {
    /// The text for a terminal of so many columns.
    pub(crate) fn text(&self, columns: usize) -> String {
        let name = shorten::in_the_middle(&self.name, (columns / 4).clamp(SHORTEST_NAME, LONGEST_NAME));
        let mut room = columns.saturating_sub(measure_text_width(&name) + 1 + NARROWEST_BAR + PERCENT);
        let percent = format!(" {:>3}%", percent(self.position, self.total));
        let mut take = |width: usize| match room.checked_sub(width) {
            Some(rest) => {
                room = rest;
                width
            }
            None => {
                // What is less wanted is not shown either.
                room = 0;
                0
            }
        };
        let count = self.count.map(Count::text).unwrap_or_default();
        let count_width = take(measure_text_width(&count).max(COUNT));
        let left_width = take(LEFT);
        let bytes = amount(self.position, self.total);
        let widest = amount(self.largest, self.largest);
        let bytes_width = take(measure_text_width(&bytes).max(measure_text_width(&widest)));
        let rate_width = take(RATE);
        let behind = bytes_width + rate_width + left_width;
        let field =
            |text: &str, width: usize| if width == 0 { String::new() } else { format!("{text:<width$}") };
        let details = match (self.waiting(behind), self.waiting(behind + count_width)) {
            (Some(waits), _) if count_width > 0 => field(&(count + &waits), count_width + behind),
            (_, Some(waits)) => field(&waits, behind + count_width),
            _ => {
                let speed = self.speed(rate_width, left_width);
                field(&count, count_width)
                    + &field(&bytes, bytes_width)
                    + &field(&speed, rate_width + left_width)
            }
        };
        let bar = columns.saturating_sub(measure_text_width(&name) + 1 + PERCENT + count_width + behind);
        let line = format!("{name} {}{percent}{details}", cells(self.position, self.total, bar));
        line.trim_end().to_owned()
    }

    /// The rate, and how long the rest takes or all of it took, in so many columns. What is wider is left out.
    fn speed(&self, rate_width: usize, time_width: usize) -> String {
        let rate = self.rate.map(|rate| format!(" {}/s", BinaryBytes(rate))).unwrap_or_default();
        let rate = if rate.len() <= rate_width { rate } else { String::new() };
        if let Some(took) = self.took {
            return if time_width > 0 { rate + &format!(" in {}", exact(took)) } else { rate };
        }
        let left = self.left.map(|left| format!(" {} left", rounded(left))).unwrap_or_default();
        let left = if left.len() <= time_width { left } else { String::new() };
        format!("{rate:>rate_width$}{left:>time_width$}")
    }

    /// What is waited for, in so many columns.
    fn waiting(&self, columns: usize) -> Option<String> {
        let fitting = self.waits.iter().find(|text| measure_text_width(text) + 2 <= columns)?;
        Some(format!(", {fitting}"))
    }
}

impl Count {
    /// The count, as wide from beginning to end.
    fn text(self) -> String {
        let Self { done, total, of } = self;
        let digits = total.to_string().len();
        format!(" {done:>digits$}/{total} {of}")
    }
}

/// The bar: full only when all is done.
fn cells(position: u64, total: u64, width: usize) -> String {
    let filled = (position as u128 * width as u128).checked_div(total.into()).unwrap_or(0);
    let filled = usize::try_from(filled).unwrap_or(width).min(width);
    "█".repeat(filled) + &"░".repeat(width - filled)
}

/// Whole percent, rounded down, so that 100 % means all of it.
fn percent(done: u64, total: u64) -> u128 {
    (u128::from(done) * 100).checked_div(u128::from(total)).unwrap_or(0)
}

/// How many bytes are done of how many, both in the unit of the whole.
fn amount(position: u64, total: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let step = total.checked_ilog2().unwrap_or(0) / 10;
    let unit = UNITS.get(step as usize).copied().unwrap_or("EiB");
    if step == 0 {
        let digits = total.to_string().len();
        return format!(" {position:>digits$}/{total} {unit}");
    }
    let scale = (1_u64 << (step * 10)) as f64;
    let whole = format!("{:.2}", total as f64 / scale);
    let part = match position {
        _ if position >= total => whole.clone(),
        // Rounded down: not all of it looks like all of it.
        position => format!("{:.2}", (position as f64 / scale * 100.0).floor() / 100.0),
    };
    format!(" {part:>width$}/{whole} {unit}", width = whole.len())
}

/// How long something took, to a tenth of a second if that tells anything.
fn exact(took: Duration) -> String {
    match took.as_secs() {
        0..120 => format!("{:.1} s", took.as_secs_f64()),
        _ => rounded(took),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARTS: Count = Count { done: 5, total: 12, of: "parts" };

    fn line() -> Line {
        Line {
            name: "clip.mp4".into(),
            position: 339_149,
            total: 747_208,
            count: Some(PARTS),
            rate: Some(4_404_019),
            left: Some(Duration::from_secs(12)),
            ..Line::default()
        }
    }

    fn without_bar(line: &Line, columns: usize) -> String {
        line.text(columns).replace(['█', '░'], "")
    }

    #[test]
    fn fields_stand_in_their_columns() {
        assert_eq!(
            without_bar(&line(), 100),
            "clip.mp4   45%  5/12 parts 331.20/729.70 KiB   4.20 MiB/s    12 s left"
        );
        let unknown = Line { rate: None, left: None, ..line() };
        assert_eq!(without_bar(&unknown, 100), "clip.mp4   45%  5/12 parts 331.20/729.70 KiB");
        let done = Line { position: 747_208, took: Some(Duration::from_millis(180)), ..line() };
        assert_eq!(
            without_bar(&done, 100),
            "clip.mp4  100%  5/12 parts 729.70/729.70 KiB 4.20 MiB/s in 0.2 s"
        );
        assert_eq!(
            without_bar(&Line { rate: None, ..done }, 100),
            "clip.mp4  100%  5/12 parts 729.70/729.70 KiB in 0.2 s"
        );
    }

    #[test]
    fn the_least_wanted_fields_are_left_out_first() {
        for (columns, text) in [
            (78, "clip.mp4   45%  5/12 parts 331.20/729.70 KiB   4.20 MiB/s    12 s left"),
            (77, "clip.mp4   45%  5/12 parts 331.20/729.70 KiB    12 s left"),
            (64, "clip.mp4   45%  5/12 parts    12 s left"),
            (46, "clip.mp4   45%  5/12 parts"),
            (33, "clip.mp4   45%"),
        ] {
            assert_eq!(without_bar(&line(), columns), text, "{columns}");
        }
    }

    #[test]
    fn what_is_waited_for_stands_in_the_wording_that_fits() {
        let waits = ["part 5: HTTP 500, try 3 of 8, again in 4 s", "part 5 again in 4 s", "part 5"];
        let line = Line { waits: waits.map(str::to_owned).to_vec(), ..line() };
        for (columns, text) in [
            (80, "clip.mp4   45%  5/12 parts, part 5: HTTP 500, try 3 of 8, again in 4 s"),
            (70, "clip.mp4   45%  5/12 parts, part 5 again in 4 s"),
            (50, "clip.mp4   45%  5/12 parts, part 5"),
            (40, "clip.mp4   45%, part 5"),
            (25, "clip.mp4   45%"),
        ] {
            assert_eq!(without_bar(&line, columns), text, "{columns}");
        }
    }

    #[test]
    fn amounts_have_one_unit_and_never_look_like_all_too_early() {
        assert_eq!(amount(0, 0), " 0/0 B");
        assert_eq!(amount(7, 1000), "    7/1000 B");
        assert_eq!(amount(747_207, 747_208), " 729.69/729.70 KiB");
        assert_eq!(amount(5 << 20, 5 << 30), " 0.00/5.00 GiB");
        assert_eq!(amount(u64::MAX, u64::MAX), " 16.00/16.00 EiB");
    }

    proptest! {
        #[test]
        fn the_bar_stands_still_whatever_is_told(
            columns in 0_usize..200,
            total in any::<u64>(),
            position in any::<u64>(),
            done in 0_u64..12,
            rate in prop::option::of(0_u64..1_000_000_000),
            left in prop::option::of(0_u64..3_600_000),
            waits in any::<bool>(),
        ) {
            let position = position.min(total.saturating_sub(1));
            let waits: &[&str] = if waits { &["waiting for the rate limit, 58 s", "rate limit"] } else { &[] };
            let line = Line {
                position, total, rate,
                count: Some(Count { done, ..PARTS }),
                left: left.map(Duration::from_secs),
                waits: waits.iter().map(|text| (*text).to_owned()).collect(),
                ..line()
            };
            let bar = |line: &Line| line.text(columns).chars().filter(|cell| "█░".contains(*cell)).count();
            let first = Line { position: 0, rate: None, left: None, waits: Vec::new(), count: Some(Count { done: 0, ..PARTS }), ..line.clone() };
            prop_assert_eq!(bar(&line), bar(&first));
            prop_assert!(columns < 14 || measure_text_width(&line.text(columns)) <= columns);
            prop_assert!(!line.text(columns).contains("100%"));
        }
    }
}
