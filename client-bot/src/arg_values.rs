//! Values on the command line that several commands take.

use tickwire_shared::wire::control::{GameName, OptionText};

/// The name under which a server hosts a game.
///
/// # Errors
/// It is too long, or has signs that no name has.
pub(crate) fn game_name(text: &str) -> Result<GameName, String> {
    GameName::new(text).map_err(|error| error.to_string())
}

/// An option of new rooms, as KEY=VALUE.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn option(text: &str) -> Result<(OptionText, OptionText), String> {
    let (key, value) = text.split_once('=').ok_or("an option is KEY=VALUE")?;
    let part = |text: &str| OptionText::new(text).map_err(|error| error.to_string());
    Ok((part(key)?, part(value)?))
}
