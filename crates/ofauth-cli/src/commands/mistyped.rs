//! A text that is nearly the name of a subcommand. It would be published, so it is asked for behind two dashes.

use std::ffi::OsString;

use clap::Subcommand;

use crate::failure::{Failure, Result};

/// Refuses a text of one word that is one letter away from a subcommand, unless it stands behind two dashes.
pub(super) fn refuse<C: Subcommand>(command: &str, text: Option<&str>) -> Result<()> {
    let Some(text) = text else { return Ok(()) };
    let Some(meant) = meant::<C>(text, std::env::args_os()) else { return Ok(()) };
    Err(Failure::argument(format!("nothing was sent: did you mean `ofauth {command} {meant}`?"))
        .with_hint(format!("to send the text {text}, put it behind two dashes: ofauth {command} -- {text}")))
}

/// The subcommand that was probably meant.
fn meant<C: Subcommand>(text: &str, mut words: impl Iterator<Item = OsString>) -> Option<String> {
    if text.contains(char::is_whitespace) || words.any(|word| word == "--") {
        return None;
    }
    let typed = text.to_lowercase();
    let commands = C::augment_subcommands(clap::Command::new(""));
    let names = commands.get_subcommands().map(|command| command.get_name().to_owned());
    names.into_iter().find(|name| strsim::osa_distance(name, &typed) <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::content::{MessageCommand, PostCommand};

    #[test]
    fn one_word_that_is_nearly_a_command_is_one() {
        for (text, wanted) in [
            ("lst", Some("list")),
            ("lsit", Some("list")),
            ("List", Some("list")),
            ("lists", Some("list")),
            ("delte", Some("delete")),
            ("updat", Some("update")),
            ("Hello", None),
            ("last", Some("list")),
            ("a list", None),
            ("", None),
            ("latest", None),
        ] {
            let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>().into_iter();
            assert_eq!(
                meant::<PostCommand>(text, words(&["ofauth", "post", text])).as_deref(),
                wanted,
                "{text}"
            );
            assert_eq!(meant::<PostCommand>(text, words(&["ofauth", "post", "--", text])), None, "{text}");
        }
        let message = |text| meant::<MessageCommand>(text, std::iter::empty());
        assert_eq!(
            (message("unsnd").as_deref(), message("lst-mass").as_deref()),
            (Some("unsend"), Some("list-mass"))
        );
    }
}
