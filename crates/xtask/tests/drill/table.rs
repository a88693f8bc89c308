//! What the test says in the end: each case that failed, each that is still open, and how many come out as they say.

use std::collections::BTreeMap;

use crate::cases::Case;

/// The cases that failed, with the reasons.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<String, Vec<String>>);

impl Table {
    pub(crate) fn failed(&mut self, case: &Case, why: &str) {
        self.0.entry(case.place()).or_default().push(why.to_owned());
    }

    /// Fails if a case did that is not open, or one that is open did not.
    pub(crate) fn end(&self, cases: &[Case], is_quick: bool) {
        let mut wrong = 0_usize;
        for case in cases {
            let reasons = self.0.get(&case.place()).map(Vec::as_slice).unwrap_or_default();
            match (&case.open, reasons) {
                (None, []) => continue,
                (Some(why), [_, ..]) => eprintln!("open   {}\n    {why}", case.place()),
                // What does not show before it is compiled is not seen in a quick run.
                (Some(_), []) if is_quick => continue,
                (Some(_), []) => {
                    wrong += 1;
                    eprintln!("FAILED {}\n    it comes out as it says: take `open` out of it", case.place());
                }
                (None, reasons) => {
                    wrong += 1;
                    let reasons = reasons.join("\n").replace('\n', "\n    ");
                    eprintln!("FAILED {}\n    {reasons}", case.place());
                }
            }
        }
        eprintln!("{} of {} cases come out as they say", cases.len() - self.0.len(), cases.len());
        assert!(wrong == 0, "{wrong} of {} cases failed, see above", cases.len());
    }
}
