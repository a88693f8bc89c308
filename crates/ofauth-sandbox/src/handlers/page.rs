//! Pages of lists: how much of a list a request asks for.
//!
//! A page is honest: `hasMore` is true as long as something follows, and pages that are asked for one after the other
//! hold every item once.

use crate::call::Call;
use crate::error::ApiError;
use crate::number;
use crate::query;

/// What `limit` and `offset` of a request ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    limit: usize,
    offset: usize,
}

impl Page {
    /// Reads the query. `most` is the documented maximum of a page, `usual` its length without `limit`.
    pub(crate) fn of(call: &Call, usual: usize, most: usize) -> Result<Self, ApiError> {
        let limit = at_least(call, "limit", 1)?.unwrap_or(usual).min(most);
        Ok(Self { limit, offset: at_least(call, "offset", 0)?.unwrap_or(0) })
    }

    /// The items of this page, and whether any follow.
    pub(crate) fn cut<T>(self, items: Vec<T>) -> (Vec<T>, bool) {
        let mut rest = items.into_iter().skip(self.offset);
        let page = rest.by_ref().take(self.limit).collect();
        (page, rest.next().is_some())
    }
}

/// A whole number in the query.
pub(crate) fn integer(call: &Call, name: &str) -> Result<Option<i128>, ApiError> {
    let Some(text) = query::value(&call.query, name) else { return Ok(None) };
    let number = number::whole_text(&text);
    let wrong = || ApiError::bad_request(format!("{name}: must be a whole number, not \"{text}\""));
    number.ok_or_else(wrong).map(Some)
}

fn at_least(call: &Call, name: &str, least: i128) -> Result<Option<usize>, ApiError> {
    match integer(call, name)? {
        Some(number) if number < least => {
            Err(ApiError::bad_request(format!("{name}: must be at least {least}")))
        }
        Some(number) => Ok(Some(usize::try_from(number).unwrap_or(usize::MAX))),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_one_after_the_other_hold_every_item_once() {
        for limit in 1..12 {
            let (mut seen, mut offset) = (Vec::new(), 0);
            loop {
                let (page, more) = Page { limit, offset }.cut((0..10).collect());
                offset += page.len();
                seen.extend(page);
                if !more {
                    break;
                }
            }
            assert_eq!(seen, (0..10).collect::<Vec<_>>(), "{limit}");
        }
        assert_eq!(Page { limit: 5, offset: 99 }.cut(vec![1]), (vec![], false));
    }
}
