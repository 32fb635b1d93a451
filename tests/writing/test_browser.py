"""The page in a real browser: where numbers come from, by mouse and by keyboard; the contents; and
what an accessibility check finds.
"""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from scripts.study.project import ROOT
from scripts.writing import formats
from tests.writing.test_formats import SOURCE, resolved, resources  # noqa: F401

pytestmark = pytest.mark.slow
AXE = ROOT / "node_modules/axe-core/axe.min.js"
SAID = (
    "results/summary.csv · p,relu,identity · mean · 20 seeds · written by the rule aggregate\n"
    "grep '^p,relu,identity,' results/summary.csv\n"
    "results/summary.csv · p,tanh,identity · sd · 20 seeds · written by the rule aggregate\n"
    "grep '^p,tanh,identity,' results/summary.csv"
)


@pytest.fixture(scope="module")
def address(resources):  # noqa: F811
    path = resources / "browser/report.html"
    path.parent.mkdir()
    path.write_bytes(formats.html(resolved(SOURCE, resources), resources, resources))
    return path.as_uri()


@pytest.fixture
def page(browser, address):
    browser.set_window_size(1000, 800)
    browser.get(address)
    return browser


def number(page, text):
    (found,) = [a for a in page.find_elements(By.CSS_SELECTOR, "a.bound") if a.text == text]
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    return found


def tip(page):
    return page.find_element(By.ID, "origin")


def test_the_pointer_on_a_number_shows_where_it_comes_from(page):
    link = number(page, "97 %")
    assert not tip(page).is_displayed()
    ActionChains(page).move_to_element(link).perform()
    assert tip(page).text == SAID
    ActionChains(page).move_to_element(tip(page)).perform()  # to read on, or to copy
    assert tip(page).is_displayed()
    ActionChains(page).move_to_element(page.find_element(By.TAG_NAME, "h1")).perform()
    WebDriverWait(page, 5).until(lambda page: not tip(page).is_displayed())


def test_so_does_the_keyboard_and_escape_puts_it_away(page):
    link = number(page, "97 %")
    page.execute_script("arguments[0].focus()", number(page, "1000"))
    assert tip(page).text == (
        "config.yaml · training.points · written by hand\ngrep 'points:' config.yaml"
    )
    ActionChains(page).send_keys(Keys.TAB).perform()
    assert page.switch_to.active_element == link
    assert tip(page).text == SAID
    assert link.get_attribute("aria-describedby") == tip(page).get_attribute("id")
    assert tip(page).get_attribute("role") == "tooltip"
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    assert not tip(page).is_displayed()
    assert link.get_attribute("aria-describedby") is None


def test_a_click_opens_a_panel_with_the_row_and_a_way_back(page):
    link = number(page, "97 %")
    link.click()
    panel = page.find_element(By.ID, "panel")
    words = panel.text.split("\n")
    assert words[:4] == [
        "Close",
        "97 %",
        "mean of p,relu,identity = 0.97",
        "The share that is right.",
    ]
    assert "grep '^p,relu,identity,' results/summary.csv" in words
    assert words[6:10] == ["protocol p", "hidden relu", "output identity", "mean 0.97"]
    assert panel.find_element(By.CSS_SELECTOR, "tr.this").text == "mean 0.97"
    assert not tip(page).is_displayed()
    panel.find_element(By.TAG_NAME, "button").click()
    assert not panel.is_displayed()
    assert page.switch_to.active_element == link
    link.click()
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    assert not panel.is_displayed()


def test_the_panel_leads_to_the_list_of_sources(page):
    number(page, "97 %").click()
    page.find_element(By.ID, "panel").find_element(By.LINK_TEXT, "In the list of sources").click()
    assert page.current_url.endswith("#source-1")
    assert page.find_element(By.CSS_SELECTOR, ":target").text == "p,relu,identity"
    in_view = "return arguments[0].getBoundingClientRect().top"
    top = page.execute_script(in_view, page.find_element(By.ID, "source-1"))
    assert 0 <= top < 800


def test_a_tip_stays_on_a_narrow_screen(page):
    page.set_window_size(500, 800)
    ActionChains(page).move_to_element(number(page, "97 %")).perform()
    box, width = tip(page).rect, page.execute_script("return document.documentElement.clientWidth")
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_on_a_phone_the_contents_are_folded_and_tables_scroll_by_themselves(page):
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.refresh()
    contents = page.find_element(By.CSS_SELECTOR, "nav a")
    assert not contents.is_displayed()
    page.find_element(By.ID, "contents-title").click()
    assert contents.is_displayed()
    wide = page.find_element(By.ID, "tbl:wide").find_element(By.CLASS_NAME, "scroll")
    assert page.execute_script("return arguments[0].scrollWidth", wide) > 360
    assert page.execute_script("return document.documentElement.scrollWidth") == 360
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_formulas_have_a_font_of_their_own(page):
    page.execute_async_script("document.fonts.ready.then(arguments[0])")
    loaded = "return [...document.fonts].map(font => [font.family, font.status])"
    assert page.execute_script(loaded) == [["Report Math", "loaded"]]


def test_the_contents_lead_to_the_sections(page):
    page.find_element(By.LINK_TEXT, "1 Introduction").click()
    assert page.current_url.endswith("#sec:intro")


@pytest.mark.parametrize("width", [400, 1000, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_accessibility_check_finds_nothing_serious(page, width, scheme):
    page.set_window_size(width, 900)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    assert barriers(page) == []
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


def barriers(page):
    """What axe-core finds on a page that is serious or worse."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm install --no-save axe-core)")
    page.execute_script(AXE.read_text(encoding="utf-8"))
    result = page.execute_async_script("axe.run().then(arguments[0])")
    assert result["passes"]
    serious = [v for v in result["violations"] if v["impact"] in ("serious", "critical")]
    return [(violation["id"], violation["nodes"][0]["html"]) for violation in serious]
