"""Tests for the widget in a real Chromium, on the page of another site: strict, hostile, old, refused, or cut off."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Locator, Page, expect

from bot.identity import contrast, load
from bot.web.embed import to_copy
from tests.browser.conftest import ask, assert_accessible, heard, listen, watch
from tests.conftest import Client, MakeClient
from tests.live import LiveBrain

pytestmark = pytest.mark.browser

#: Nothing is allowed but what `/integration` asks for; HTML sinks are locked.
STRICT = "default-src 'none'; {policy}; require-trusted-types-for 'script'; trusted-types assistant"


@dataclass
class Host:
    """Another site: its pages by path, each with its headers. `localhost` is to 127.0.0.1 what another site is to ours."""

    server: TestServer
    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    assistant: str = ""

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.server.port}"

    def put(self, body: str = "", attributes: str = "", head: str = "", policy: str = "", path: str = "/") -> None:
        """Set the page at `path`: a title, a link, `body`, and the one line with `attributes`."""
        html = (
            f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>Mairie</title>{head}</head><body><main><h1>Mairie</h1><p><a id="first" href="/autre">Horaires de la mairie</a></p>{body}</main>'
            f'<script src="{self.assistant}/widget.js" defer {attributes}></script></body></html>'
        )
        self.pages[path] = (html, {"Content-Security-Policy": policy} if policy else {})


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """A site on another port, with no page yet."""

    async def page(request: web.Request) -> web.Response:
        found = this.pages.get(request.path)
        if found is None:
            raise web.HTTPNotFound
        return web.Response(text=found[0], content_type="text/html", headers=found[1])

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    this = Host(server)
    yield this
    await server.close()


@pytest.fixture
async def alone(host: Host, make_client: MakeClient) -> Client:
    """A gateway that allows the site, with no Rasa behind: enough for all but a true answer."""
    client = await make_client(allowed_origins=host.origin, rasa_port=1, actions_port=1)
    host.assistant = str(client.make_url("/")).rstrip("/")
    return client


@pytest.fixture
async def whole(host: Host, make_client: MakeClient, brain: LiveBrain) -> Client:
    """A gateway that allows the site, with the real Rasa behind."""
    client = await make_client(allowed_origins=host.origin, rasa_port=brain.rasa_port, actions_port=brain.actions_port)
    host.assistant = str(client.make_url("/")).rstrip("/")
    return client


Open = Callable[..., Awaitable[Page]]


@pytest.fixture
def tab(browser: Browser, host: Host) -> Open:
    """Open the site's page in a window of its own; any error of a page, any request to a third party, fails the test."""

    async def make(width: int = 1280, height: int = 800, path: str = "/", init: str = "", **options: Any) -> Page:
        context = await browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR", **options)
        page = await context.new_page()
        if init:
            await page.add_init_script(init)
        watch(page, host.origin, host.assistant)
        await page.goto(host.origin + path)
        return page

    return make


def launcher(page: Page, name: str = "Une question ?") -> Locator:
    return page.get_by_role("button", name=name)


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog")


def told(page: Page) -> Locator:
    """What the panel itself says, besides the chat."""
    return page.locator("assistant-widget #panel > [role=status]")


async def opened(page: Page) -> Page:
    """Open the panel and wait for the chat in it."""
    await launcher(page).click()
    await expect(page.get_by_label("Votre question")).to_be_visible()
    return page


async def focused(page: Page) -> str:
    """Return what has the focus, through shadow trees: "tag#id.class"."""
    found: str = await page.evaluate(
        "(() => { let one = document.activeElement; while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;"
        " return `${one.localName}#${one.id}.${one.className}`; })()"
    )
    return found


async def box(locator: Locator) -> dict[str, float]:
    """Return where an element is, to the pixel."""
    found = await locator.bounding_box()
    assert found is not None
    return {name: float(round(found[name])) for name in ("x", "y", "width", "height")}


def messages(page: Page, kind: str) -> list[str]:
    """Gather what the console says from now on."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == kind else None)
    return said


@pytest.mark.live
async def test_from_the_keyboard_under_a_strict_policy(whole: Client, host: Host, tab: Open) -> None:
    """With the two directives of `/integration` and Trusted Types: found, opened, asked, answered, announced, closed; no mouse."""
    host.put(policy=STRICT.format(policy=to_copy(host.assistant, load())["policy"]))
    host.pages["/"][1]["Cross-Origin-Embedder-Policy"] = "require-corp"
    page = await tab()
    errors = messages(page, "error")
    await page.locator("#first").focus()
    await page.keyboard.press("Tab")
    assert await focused(page) == "button#.launcher"
    await expect(launcher(page)).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Enter")
    assert (await focused(page)).startswith("div#panel")
    await expect(launcher(page)).to_have_attribute("aria-expanded", "true")
    text = page.get_by_label("Votre question")
    await expect(text).to_be_visible()
    assert (await focused(page)).startswith("div#panel"), "the focus stays where the gesture put it"
    await expect(page.locator("#live")).to_have_text("L'assistant est prêt.")
    for name in ("bare", "bare", "skip"):
        await page.keyboard.press("Tab")
        assert name in await focused(page)
    await page.keyboard.press("Enter")
    assert "#text" in await focused(page)
    await listen(page, "document.querySelector('assistant-widget').shadowRoot.querySelector('.chat').shadowRoot")
    await page.keyboard.type("combien de rsa pour un couple")
    await page.keyboard.press("Enter")
    await expect(panel(page).locator("#log")).to_contain_text("977,54")
    assert any("977,54" in words for words in await heard(page))
    assert "#text" in await focused(page)
    await page.keyboard.press("Escape")
    await expect(panel(page)).to_have_count(0)
    assert await focused(page) == "button#.launcher"
    assert errors == []


@pytest.mark.live
async def test_conversation_in_its_tab(whole: Client, host: Host, tab: Open) -> None:
    """Another page of the site, in the same tab, shows the conversation again; another tab does not; erased, it is gone for good."""
    host.put(body='<p style="height: 3000px">Long</p>')
    host.put(path="/autre")
    page = await opened(await tab())
    await page.evaluate("scrollTo(0, 500)")
    await ask(page, "combien de rsa pour un couple")
    await page.get_by_role("button", name="Demander le RSA").click()
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(2)
    assert await page.evaluate("scrollY") == 500, "the site's own page does not move"
    await page.evaluate("scrollTo(0, 0)")
    await page.locator("#first").click()
    await expect(page.locator("#log > .you")).to_have_count(2)
    assert "launcher" not in await focused(page), "opened again without taking the focus"
    other = await page.context.new_page()
    await other.goto(host.origin)
    await opened(other)
    await expect(other.locator("#log > .you")).to_have_count(0)
    await page.get_by_role("button", name="Effacer la conversation").click()
    await expect(page.locator("#log")).to_contain_text("efface")
    await page.reload()
    await expect(page.get_by_label("Votre question")).to_be_visible()
    await page.wait_for_timeout(300)
    await expect(page.locator("#log > .you")).to_have_count(0)


@pytest.mark.parametrize(("width", "look"), [(320, "light"), (320, "forced"), (1280, "dark"), (1280, "forced")])
async def test_accessible(alone: Client, host: Host, tab: Open, width: int, look: str) -> None:
    """axe-core finds nothing on the site's page, closed, open, and with an urgent answer; nothing overflows."""
    host.put(policy=STRICT.format(policy=to_copy(host.assistant, load())["policy"]))
    options: dict[str, Any] = {"forced_colors": "active"} if look == "forced" else {"color_scheme": look}
    page = await tab(width, **options)
    await expect(launcher(page)).to_be_visible()
    await assert_accessible(page)
    await opened(page)
    await assert_accessible(page)
    await ask(page, "mon mari me frappe")
    await assert_accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    chat = page.locator(".chat")
    assert await chat.evaluate("node => node.scrollWidth <= node.clientWidth")


async def test_not_a_trap(alone: Client, host: Host, tab: Open) -> None:
    """On a wide screen the page stays usable: Shift+Tab leaves the panel, which stays open, and Escape there is the page's own."""
    host.put()
    page = await opened(await tab())
    await page.keyboard.press("Shift+Tab")
    assert await focused(page) == "button#.launcher"
    await page.keyboard.press("Shift+Tab")
    assert await focused(page) == "a#first."
    await page.keyboard.press("Escape")
    await expect(panel(page)).to_be_visible()
    assert await panel(page).get_attribute("aria-modal") is None


async def test_phone(alone: Client, host: Host, tab: Open) -> None:
    """On a phone the panel takes the whole screen, and closes rather than hide what has the focus."""
    host.put()
    page = await opened(await tab(390, 780))
    assert await box(panel(page)) == {"x": 0, "y": 0, "width": 390, "height": 780}
    await expect(launcher(page)).to_have_count(0)
    await page.keyboard.press("Shift+Tab")
    assert await focused(page) == "a#first."
    await expect(panel(page)).to_have_count(0)
    await expect(launcher(page)).to_be_visible()


async def test_400_percent(alone: Client, host: Host, tab: Open) -> None:
    """At 400 % on a small screen (320 by 180), everything is reached by scrolling one way."""
    host.put()
    page = await opened(await tab(320, 180))
    send = page.get_by_role("button", name="Envoyer")
    await send.scroll_into_view_if_needed()
    await expect(send).to_be_in_viewport(ratio=0.9)
    assert await panel(page).evaluate("node => node.scrollWidth <= node.clientWidth")
    await page.get_by_role("button", name="Fermer").click()
    await expect(launcher(page)).to_be_in_viewport(ratio=1)


HOSTILE = {
    "reset": "* { all: unset !important }",
    "hidden": "div, aside, button, section, form, ol, p, assistant-widget { display: none !important }",
    "invisible": "body, body * { opacity: 0 !important; visibility: hidden !important; pointer-events: none !important; transform: scale(.1) !important }",
    "root 62.5 %": "html { font-size: 62.5%; line-height: 3; letter-spacing: 5px; text-transform: uppercase; text-align: center }",
    "root 20 px": "html { font-size: 20px; word-spacing: 1em; font-family: monospace; color: white; cursor: none }",
    "zoom": "html { overflow: hidden } body { zoom: 2; transform: rotate(20deg) translate(50px); filter: blur(9px); overflow: hidden; contain: strict }",
    "z-index": "body, main, main * { position: relative; z-index: 2147483647 } main { position: fixed; inset: 0; background: red }",
    "buttons": "button, a, textarea, label { width: 1px !important; height: 1px !important; font-size: 40px !important; position: static !important; float: left !important }",
    "variables": ":root, * { --paper: red !important; --ink: red !important; --gap: 90px !important; --w-brand: red !important }",
    "right to left": "html { direction: rtl } *, assistant-widget { direction: rtl !important; unicode-bidi: bidi-override !important }",
}  # fmt: skip
#: What a person would see of it, in numbers.
_SEEN = (
    "node => { const s = getComputedStyle(node); return [s.fontSize, s.lineHeight, s.fontFamily, s.color, s.backgroundColor, s.direction,"
    " s.letterSpacing, s.textTransform, s.textAlign, s.cursor, s.visibility, s.display].join('|'); }"
)


async def test_hostile_style_sheets(alone: Client, host: Host, tab: Open) -> None:
    """Whatever the site's style does, the launcher, the panel and the chat look and stand the same, and can be pressed."""
    host.put()
    plain = await tab()
    looks: dict[str, list[object]] = {}
    for name, css in {"plain": "", **HOSTILE}.items():
        head = f"<style>{css}</style>" if css else ""
        direction = "<script>document.documentElement.dir = 'rtl'</script>" if name == "right to left" else ""
        host.put(head=head + direction)
        await plain.evaluate("sessionStorage.clear()")
        await plain.goto(host.origin)
        await opened(plain)
        parts = [launcher(plain), panel(plain), plain.locator("assistant-widget .bar h2"), plain.get_by_label("Votre question"), plain.get_by_role("button", name="Envoyer"), plain.locator("#log .bubble").first]  # fmt: skip
        looks[name] = [part for one in parts for part in (await box(one), await one.evaluate(_SEEN))]
    assert {name: look for name, look in looks.items() if look != looks["plain"]} == {}


#: What Prototype.js, MooTools and their like did to every page.
OLD = """
for (const name of ["each", "toJSON", "remove", "include", "clone", "toArray"]) Array.prototype[name] = function () { return "oups"; };
Object.prototype.extend = function () { return this; };
Array.from = function () { return []; };
Array.prototype.reduce = function () { return 0; };
String.prototype.strip = String.prototype.startsWith = function () { return false; };
Function.prototype.bind = function (self) { const f = this; return function () { return f.apply(self, arguments); }; };
Element.prototype.hide = Element.prototype.show = Element.prototype.update = function () { return this; };
document.getElementsByClassName = function () { return []; };
window.$ = window.jQuery = function () { return { ready() {}, on() {} }; };
window.define = function () { throw new Error("define"); }; window.define.amd = {};
window.module = { exports: {} }; window.exports = {};
"""


async def test_old_libraries(alone: Client, host: Host, tab: Open) -> None:
    """Beside a library that patches the language, and written by document.write, it opens and answers."""
    host.put()
    html, headers = host.pages["/"]
    written = f"<script>document.write('<script src=\"{host.assistant}/widget.js\" defer><\\/script>')</script>"
    html = re.sub(r"<script src=.*?</script>", lambda _: written, html)
    host.pages["/"] = (html.replace("<head>", f"<head><script>{OLD}</script>"), headers)
    page = await opened(await tab())
    await ask(page, "mon mari me frappe")
    await expect(page.locator("#log .urgent")).to_contain_text("3919")


async def test_shortcuts_of_the_page(alone: Client, host: Host, tab: Open) -> None:
    """Keys typed in the panel are not taken for the site's own shortcuts."""
    host.put(
        head="<script>seen = ''; for (const type of ['keydown', 'keypress', 'keyup']) document.addEventListener(type, event => {"
        " seen += event.key; if (event.key === 's') event.preventDefault(); })</script>"
    )
    page = await opened(await tab())
    await page.evaluate("seen = ''")
    text = page.get_by_label("Votre question")
    await text.press_sequentially("suis-je")
    assert await text.input_value() == "suis-je"
    assert await page.evaluate("seen") == ""


async def test_twice(alone: Client, host: Host, tab: Open) -> None:
    """Included twice, removed and put again, or left by a site that changes its page without reloading: one launcher, which works."""
    line = f'<script src="{host.assistant}/widget.js" defer></script>'
    host.put(body=line * 2)
    page = await opened(await tab())
    await page.evaluate(
        "src => { for (const one of document.querySelectorAll('script')) one.remove();"
        " document.body = document.createElement('body'); document.body.innerHTML = '<main><h1>Autre</h1></main>';"
        " history.pushState({}, '', '/autre-page');"
        " const again = document.createElement('script'); again.src = src; document.body.append(again);"
        " return new Promise(done => { again.onload = done; }); }",
        f"{host.assistant}/widget.js",
    )
    await expect(page.locator("assistant-widget")).to_have_count(1)
    await expect(page.get_by_label("Votre question")).to_be_visible()
    await page.get_by_role("button", name="Fermer").click()
    await opened(page)


async def test_refused_site(host: Host, make_client: MakeClient, tab: Open) -> None:
    """On a site that is not allowed, the panel and the console say so in French, with the way to the page."""
    client = await make_client(rasa_port=1, actions_port=1, allowed_origins="https://autre.example")
    host.assistant = str(client.make_url("/")).rstrip("/")
    host.put(policy=STRICT.format(policy=to_copy(host.assistant, load())["policy"]))
    page = await tab()
    errors = messages(page, "error")
    await launcher(page).click()
    await expect(told(page)).to_contain_text("Ce site n'est pas autorisé à afficher l'assistant")
    link = panel(page).get_by_role("link", name="Ouvrir sa page")
    assert await link.get_attribute("href") == f"{host.assistant}/"
    await expect(page.get_by_label("Votre question")).to_have_count(0)
    assert any("ALLOWED_ORIGINS" in words for words in errors)
    await assert_accessible(page)


async def test_server_gone_then_back(alone: Client, host: Host, tab: Open) -> None:
    """When the assistant cannot be reached, the panel gives the page, the number to call and another try, which works later."""
    host.put()
    page = await tab()
    await expect(launcher(page)).to_be_visible()
    await page.context.set_offline(True)
    await launcher(page).click()
    status = told(page)
    await expect(status).to_contain_text("112")
    await expect(status.get_by_role("link", name=load().switchboard.phone)).to_be_visible()
    await assert_accessible(page)
    await page.context.set_offline(False)
    await panel(page).get_by_role("button", name="Réessayer").click()
    await expect(page.get_by_label("Votre question")).to_be_visible()
    await expect(status).to_have_text("")


async def test_line_cut_half_way(alone: Client, host: Host, tab: Open) -> None:
    """When a part of the chat does not come, another try brings it, whatever part it was."""
    host.put()
    page = await tab()
    for path in ("static/chat.js", "static/html.js", "widget.html", "static/style.css"):
        await page.route(f"**/{path}", lambda route: route.abort())
        await page.evaluate("sessionStorage.clear()")
        await page.reload()
        await launcher(page).click()
        await expect(told(page)).to_contain_text("112")
        await page.unroute(f"**/{path}")
        await panel(page).get_by_role("button", name="Réessayer").click()
        await expect(page.get_by_label("Votre question")).to_be_visible()


async def test_server_gone_from_the_start(alone: Client, host: Host, tab: Open) -> None:
    """When not even the script comes, the ordinary link is there and leads to the assistant."""
    host.put(body=f'<a href="{host.assistant}/" data-assistant>Poser une question</a>')
    await alone.server.close()
    page = await tab()
    await expect(page.locator("assistant-widget")).to_have_count(0)
    assert await page.get_by_role("link", name="Poser une question").get_attribute("href") == f"{host.assistant}/"


async def test_policy_that_refuses(alone: Client, host: Host, tab: Open) -> None:
    """Each directive that `/integration` asks for is needed: without it the link remains, in the page or in the panel."""
    host.put()
    page = await tab()
    locked = "script-src {0}; connect-src {0}; require-trusted-types-for 'script'; trusted-types autre"
    for policy, shown in (("", False), ("script-src {0}", True), ("connect-src {0}", False), (locked, True)):
        host.put(
            body=f'<a href="{host.assistant}/" data-assistant>Poser une question</a>',
            policy=f"default-src 'none'; {policy.format(host.assistant)}",
        )
        await page.evaluate("sessionStorage.clear()")
        await page.goto(host.origin)
        await expect(page.get_by_role("link", name="Poser une question")).to_be_visible()
        await expect(launcher(page)).to_have_count(int(shown))
        if shown:
            await launcher(page).click()
            await expect(told(page).get_by_role("link", name="Ouvrir sa page")).to_be_visible()
            await expect(page.get_by_label("Votre question")).to_have_count(0)


async def test_link_of_the_page(alone: Client, host: Host, tab: Open) -> None:
    """A link marked data-assistant opens the panel and gets the focus back; with Ctrl, it is a link."""
    host.put(body=f'<a href="{host.assistant}/" data-assistant><b>Poser une question</b></a>')
    page = await tab()
    await expect(launcher(page)).to_be_visible()
    await page.get_by_role("link", name="Poser une question").press("Enter")
    await expect(page.get_by_label("Votre question")).to_be_visible()
    await page.keyboard.press("Escape")
    assert await focused(page) == "a#."
    async with page.context.expect_page() as other:
        await page.get_by_text("Poser une question").click(modifiers=["Control"])
    assert (await other.value).url == f"{host.assistant}/"
    await expect(panel(page)).to_have_count(0)


async def test_without_javascript(alone: Client, host: Host, tab: Open) -> None:
    """Without JavaScript, the lines to copy leave a link that leads to the whole page."""
    host.put(body=to_copy(host.assistant, load())["script"])
    page = await tab(java_script_enabled=False)
    await page.get_by_role("link", name="poser une question").click()
    await expect(page.get_by_label("Votre question")).to_be_visible()


async def test_storage_refused(alone: Client, host: Host, tab: Open) -> None:
    """Where the browser refuses storage, the conversation goes on, and is forgotten with the page."""
    host.put()
    refuse = "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('refused', 'SecurityError'); } })"
    page = await opened(await tab(init=refuse))
    await ask(page, "bonjour")
    await ask(page, "mon mari me frappe")
    await page.reload()
    await opened(page)
    await expect(page.locator("#log > .you")).to_have_count(0)


async def test_nothing_before_opening(alone: Client, host: Host, tab: Open) -> None:
    """Until it is opened, only the launcher's script is asked for; no cookie is set, ever, and only our keys are stored."""
    host.put()
    asked: list[str] = []
    page = await tab(path="/rien")
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(host.origin)
    await expect(launcher(page)).to_be_visible()
    assert [url for url in asked if url.startswith(host.assistant)] == [f"{host.assistant}/widget.js"]
    await opened(page)
    await ask(page, "bonjour")
    assert await page.context.cookies() == []
    keys = await page.evaluate("[Object.keys(sessionStorage), Object.keys(localStorage)].flat()")
    assert all(key.startswith("assistant-") for key in keys)
    assert await page.evaluate("Object.keys(window).filter(name => /assistant|widget/i.test(name))") == []


async def test_browser_that_cannot_construct_a_sheet(alone: Client, host: Host, tab: Open) -> None:
    """An older browser gets the same look by a link, which its site's policy must allow."""
    allowed = (
        f"default-src 'none'; script-src {host.assistant}; connect-src {host.assistant}; style-src {host.assistant}"
    )
    host.put()
    modern = await box(panel(await opened(await tab())))
    host.put(policy=allowed)
    page = await opened(await tab(init="delete CSSStyleSheet.prototype.replaceSync"))
    await expect(page.locator("#log .bubble").first).to_have_css("border-top-style", "solid")
    assert await box(panel(page)) == modern


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_colour_stays_readable(alone: Client, host: Host, tab: Open, scheme: Any) -> None:
    """Any colour of the site's can be read: on the launcher, on the bar, and as the colour of links in the chat."""
    read = "node => { const s = getComputedStyle(node); return [s.color, s.backgroundColor]; }"
    palette = load().colours.light if scheme == "light" else load().colours.dark
    host.put()
    page = await tab(color_scheme=scheme)
    for colour in ("#ffee00", "#000000", "#fff", "#7A3B69", "#777777", "#00ff00"):
        host.put(attributes=f'data-couleur="{colour}"')
        await page.evaluate("sessionStorage.clear()")
        await page.reload()
        await opened(page)
        for part in (launcher(page), page.locator(".bar"), page.get_by_role("button", name="Envoyer")):
            assert contrast(*map(hexadecimal, await part.evaluate(read))) >= 4.5, colour
        link = hexadecimal(await page.locator(".notice a").first.evaluate("node => getComputedStyle(node).color"))
        assert all(contrast(link, ground) >= 4.5 for ground in (palette.paper, palette.card, palette.mine)), colour
    await assert_accessible(page)


def hexadecimal(colour: str) -> str:
    """Write "rgb(1, 2, 3)" as "#010203"."""
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])


async def test_bad_colour(alone: Client, host: Host, tab: Open) -> None:
    """A colour that is none is ignored, with a word in the console."""
    host.put()
    page = await tab()
    usual = await launcher(page).evaluate(_SEEN)
    warnings = messages(page, "warning")
    bad = ("rouge", "#12", "red;background:url(//ailleurs.example)", "#12345g", "rgb(1,2,3)", "var(--x)", "#1234567")
    for count, colour in enumerate(bad, 1):
        host.put(attributes=f'data-couleur="{colour}"')
        await page.reload()
        assert await launcher(page).evaluate(_SEEN) == usual, colour
        assert sum("data-couleur" in words for words in warnings) == count, colour


async def test_options(alone: Client, host: Host, tab: Open) -> None:
    """Name, words of the button, side and open at the start; what is written there is text, never markup."""
    name = "Vos droits &lt;b&gt;à Sète&lt;/b&gt;"
    host.put(attributes=f'data-nom="{name}" data-bouton="Besoin d\'aide ?" data-position="gauche" data-ouvert')
    page = await tab()
    await expect(page.get_by_label("Votre question")).to_be_visible()
    assert await focused(page) == "body#."
    assert await panel(page).get_attribute("aria-label") == "Vos droits <b>à Sète</b>"
    assert (await box(launcher(page, "Besoin d'aide ?")))["x"] == (await box(panel(page)))["x"] == 16
    await page.get_by_role("button", name="Fermer").click()
    await page.reload()
    await expect(launcher(page, "Besoin d'aide ?")).to_be_visible()
    await expect(panel(page)).to_have_count(0)
    phone = await tab(390, 780)
    await expect(launcher(phone, "Besoin d'aide ?")).to_be_visible()
    await expect(panel(phone)).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
async def test_integration_page(alone: Client, host: Host, browser: Browser, width: int, scheme: Any) -> None:
    """`/integration` has no accessibility fault, does not overflow, and its buttons copy the lines as they are to be pasted."""
    context = await browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    watch(page, host.assistant)
    await page.goto(f"{host.assistant}/integration")
    await assert_accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.get_by_role("button", name="Copier").first.click()
    await expect(page.get_by_role("status").first).to_have_text("Copié.")
    assert await page.evaluate("navigator.clipboard.readText()") == to_copy(host.assistant, load())["script"]
