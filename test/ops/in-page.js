/** What tests ask within the page, as one object of its window. */
window.inPage = {
  /** What sticks out: of the window, of a card, or of the cell of a table, which may be scrolled as a whole. */
  overflows() {
    const { clientWidth, scrollWidth } = document.documentElement;
    const out = scrollWidth > clientWidth ? [`the page: ${scrollWidth} in ${clientWidth}`] : [];
    const say = (element) =>
      out.push(`${element.tagName}.${element.className}: ${element.textContent.slice(0, 80)}`);
    for (const element of document.querySelectorAll('main *')) {
      if (element.closest('.unseen, svg') !== null) continue;
      if (element.closest('.scroll') === null) {
        const card = element.closest('.card, .figures > div') ?? document.documentElement;
        if (element.getBoundingClientRect().right > card.getBoundingClientRect().right + 1) say(element);
      } else if (element.matches('td, th') && element.scrollWidth > element.clientWidth + 1) say(element);
    }
    return out;
  },

  /** What a reader says of the element that has the focus. */
  focused() {
    const element = document.activeElement;
    return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
  },

  /** A property of style, of the element with the focus where none is named. */
  style(property, selector) {
    const element = selector === undefined ? document.activeElement : document.querySelector(selector);
    return getComputedStyle(element).getPropertyValue(property);
  },

  /** What axe finds against WCAG and its best practices, a line each. */
  async barriers() {
    const { violations } = await window.axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
    );
  },
};
