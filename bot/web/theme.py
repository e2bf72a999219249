"""The colours of `data/identity.yml` as a style sheet: light, dark, and as the person chose."""

from bot.identity import Identity, Palette


def _variables(palette: Palette) -> str:
    return "".join(f"--{name.replace('_', '-')}:{colour};" for name, colour in palette.model_dump().items())


def style_sheet(identity: Identity) -> str:
    """Return the custom properties that `style.css` leans on, for a page and for a shadow tree."""
    light, dark = _variables(identity.colours.light), _variables(identity.colours.dark)
    return f":root,:host{{{light}color-scheme:light dark}}\n@media screen and (prefers-color-scheme:dark){{:root,:host{{{dark}}}}}\n"
